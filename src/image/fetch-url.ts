/**
 * A file from a web server, for `import` and `load`, by the client that registries are talked to with: its proxies, redirects and
 * patience, and the system's authorities. No registry is meant, so none of registries.conf and certs.d counts.
 */
import { STATUS_CODES } from 'node:http';
import { SkiffError } from '../lib/errors.ts';
import { RegistryError } from '../registry/errors.ts';
import { openHttp } from '../registry/http.ts';

const idleTimeoutMs = 60_000;

/** `close` ends the connection, whether all was read or not. Idempotent. */
export interface FetchedUrl { readonly body: AsyncIterable<Buffer>; readonly close: () => Promise<void> }

/**
 * Resolves when the answer begins. User and password of the address go to its own host alone. Once `signal` is aborted its reason is
 * thrown, by the body as well.
 * @throws USAGE (no address, a proxy that is none), IO (no answer, another status, a redirect from https to http), ARCHIVE_INVALID (nothing sent)
 */
export async function fetchUrl(text: string, signal?: AbortSignal): Promise<FetchedUrl> {
  const { url, authorization } = withoutCredentials(text);
  const http = openHttp({ env: process.env, signal, idleTimeoutMs });
  try {
    const answer = await http.exchange({ method: 'GET', url, authorization, trust: { host: url.host, insecure: false, certs: {} } });
    const { status } = answer;
    if (status < 200 || status > 299) throw new SkiffError('IO', `the server answered ${status} ${STATUS_CODES[status] ?? ''}`.trimEnd());
    if (status === 204 || status === 205) throw new SkiffError('ARCHIVE_INVALID', 'the server sent nothing');
    return { body: body(answer.stream(), url), close: () => http.close() };
  } catch (error) {
    await http.close();
    throw networkError(error, url);
  }
}

/** @throws USAGE */
function withoutCredentials(text: string): { url: URL; authorization: string | undefined } {
  if (!URL.canParse(text)) throw new SkiffError('USAGE', 'not a valid address');
  const url = new URL(text);
  const { username, password } = url;
  url.username = '';
  url.password = '';
  url.hash = '';
  if (username === '' && password === '') return { url, authorization: undefined };
  const pair = `${decoded(username)}:${decoded(password)}`;
  return { url, authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A bare "%", as it is found in passwords.
    return text;
  }
}

async function* body(source: AsyncIterable<Uint8Array>, url: URL): AsyncGenerator<Buffer> {
  try {
    for await (const piece of source) yield Buffer.from(piece.buffer, piece.byteOffset, piece.length);
  } catch (error) {
    throw networkError(error, url);
  }
}

/** Without the address where it is the one that was asked for: the caller names it. Hints would be those for registries. */
function networkError(error: unknown, url: URL): unknown {
  if (!(error instanceof RegistryError)) return error;
  const { message } = error;
  const prefix = `${error.method} ${url.protocol}//${url.host}${url.pathname}`;
  const what = message.startsWith(prefix) ? message.slice(message.indexOf(': ', prefix.length) + 2) : message;
  return new SkiffError('IO', what, { cause: error });
}
