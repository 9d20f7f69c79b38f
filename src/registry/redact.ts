/** Text for logs and errors, without what opens doors. */

/** Query members that are no secret. Everything else may be a signature (redirects to object stores) or a session. */
const plain = new Set(['n', 'last', 'digest', 'mount', 'from', 'scope', 'service', 'q', 'account', 'page', 'page_size', 'client_id', 'offline_token', 'ns']);

/** A URL without its user, password and fragment, and with the values of unknown query members as "***". */
export function redactUrl(url: URL): string {
  const query = [...url.searchParams].map(([name, value]) => `${encodeURIComponent(name)}=${plain.has(name) ? encodeURIComponent(value).replaceAll('%3A', ':').replaceAll('%2F', '/').replaceAll('%2C', ',') : '***'}`);
  return `${url.protocol}//${url.host}${url.pathname}${query.length === 0 ? '' : `?${query.join('&')}`}`;
}

/** Text from outside as one line: control characters become spaces; at most `max` characters. */
export function oneLine(text: string, max = 200): string {
  // eslint-disable-next-line no-control-regex -- those are what must go
  const line = text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();
  return line.length > max ? `${line.slice(0, max - 3)}...` : line;
}
