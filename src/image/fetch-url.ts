/**
 * A file from a web server, for `import` and `load`, by Node's own fetch: no registry is meant, so none of registries.conf counts. It
 * follows 20 redirects at most and leaves credentials out where one leads to another host.
 */
import { SkiffError } from '../lib/errors.ts';

/** Resolves when the answer begins. @throws USAGE (no address), IO (no answer, another status, a redirect from https to http), ARCHIVE_INVALID (nothing sent) */
export async function fetchUrl(text: string): Promise<AsyncIterable<Uint8Array>> {
  const [url, request] = withoutCredentials(text);
  try {
    const response = await fetch(url, request);
    if (url.protocol === 'https:' && response.redirected && !response.url.startsWith('https:')) throw new SkiffError('IO', 'the server leads from https to http');
    if (!response.ok) throw new SkiffError('IO', `the server answered ${response.status} ${response.statusText}`.trimEnd());
    if (response.body === null) throw new SkiffError('ARCHIVE_INVALID', 'the server sent nothing');
    return body(response.body as AsyncIterable<Uint8Array>);
  } catch (error) {
    throw networkError(error);
  }
}

/** User and password belong into a header, which fetch() leaves out when it is sent on to another host. @throws USAGE */
function withoutCredentials(text: string): [URL, RequestInit] {
  if (!URL.canParse(text)) throw new SkiffError('USAGE', 'not a valid address');
  const url = new URL(text);
  const { username, password } = url;
  if (username === '' && password === '') return [url, {}];
  url.username = '';
  url.password = '';
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return [url, { headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } }];
}

async function* body(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* source;
  } catch (error) {
    throw networkError(error);
  }
}

/** fetch() says "fetch failed" or "terminated", and why in the cause. */
function networkError(error: unknown): SkiffError {
  if (error instanceof SkiffError) return error;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return new SkiffError('IO', cause instanceof Error ? cause.message : String(cause), { cause: error });
}
