/**
 * Tokens: asked for by scope at the server that a registry's challenge names, kept until they expire, each asked for once
 * however many wait for it.
 *
 * @see docs.docker.com "Token authentication", "OAuth2 token authentication"
 */
import { monotonicMs } from '../lib/monotonic.ts';
import { FieldReader, parseJson } from '../oci/json.ts';
import type { Challenge } from './challenge.ts';
import { RegistryError } from './errors.ts';
import { failureOf, type Http, type HttpAnswer, type Trust } from './http.ts';
import type { Credential } from './index.ts';

export interface TokenRequest {
  readonly challenge: Challenge;
  /** Ours, not the challenge's: a registry doesn't choose what it is trusted with. */
  readonly scopes: readonly string[];
  readonly credential: Credential | undefined;
  readonly trust: Trust;
  /** Of the registry that sent the challenge. */
  readonly registry: URL;
}

export interface TokenStore {
  /** @throws REGISTRY_UNAUTHORIZED where the server gives none for this credential */
  token(request: TokenRequest): Promise<string>;
  /** Forgets the token, because the registry refused it. True where there was one, and a new one may fare better. */
  forget(request: TokenRequest, token: string): boolean;
}

const maxAnswerBytes = 1024 * 1024;
/** What a token is worth where the server doesn't say (token specification). */
const defaultSeconds = 60;
const longestSeconds = 24 * 3600;

interface Kept { readonly token: Promise<string>; value?: string; expiresAt: number }

/** Asks once: whoever needs the token tries again as a whole. */
export function openTokenStore(http: Http): TokenStore {
  const kept = new Map<string, Kept>();
  const keyOf = ({ challenge: { params }, scopes, credential }: TokenRequest): string => JSON.stringify([params.get('realm'), params.get('service'), scopes, credential]);
  return {
    token(request) {
      const key = keyOf(request);
      const known = kept.get(key);
      if (known !== undefined && monotonicMs() < known.expiresAt) return known.token;
      const asked = monotonicMs();
      const fresh: Kept = {
        expiresAt: Infinity,
        token: ask(http, request).then(({ token, seconds }) => {
          // A tenth early, so that none expires on its way; counted from the question, which is before it was issued.
          fresh.expiresAt = asked + seconds * 900;
          fresh.value = token;
          return token;
        }),
      };
      kept.set(key, fresh);
      fresh.token.catch(() => { if (kept.get(key) === fresh) kept.delete(key); });
      return fresh.token;
    },
    forget(request, token) {
      const key = keyOf(request);
      if (kept.get(key)?.value !== token) return kept.has(key);
      return kept.delete(key);
    },
  };
}

async function ask(http: Http, request: TokenRequest): Promise<{ token: string; seconds: number }> {
  const realm = realmOf(request);
  const { credential, scopes, trust } = request;
  const service = request.challenge.params.get('service');
  let answer: HttpAnswer;
  if (credential?.kind === 'identity') {
    const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'skiff', refresh_token: credential.token, ...(service !== undefined && { service }), ...(scopes.length > 0 && { scope: scopes.join(' ') }) });
    answer = await http.exchange({ method: 'POST', url: realm, trust, headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: Buffer.from(form.toString()), isBodySecret: true });
  } else {
    const url = new URL(realm);
    if (service !== undefined) url.searchParams.set('service', service);
    for (const scope of scopes) url.searchParams.append('scope', scope);
    if (credential !== undefined) url.searchParams.set('account', credential.username);
    answer = await http.exchange({ method: 'GET', url, trust, ...(credential !== undefined && { authorization: basicAuthorization(credential) }) });
  }
  if (answer.status !== 200) throw await failureOf(answer, { 400: 'REGISTRY_UNAUTHORIZED' });
  return readToken(await answer.read(maxAnswerBytes), answer);
}

function readToken(bytes: Buffer, { method, url }: HttpAnswer): { token: string; seconds: number } {
  const from = new FieldReader(parseJson(bytes, { what: 'answer of the token server', code: 'REGISTRY_FAILED', maxBytes: maxAnswerBytes, isSecret: true }), 'answer of the token server', 'REGISTRY_FAILED');
  const token = from.optionalString('token') || from.optionalString('access_token') || '';
  // Anything else could not stand in a header.
  if (!/^[\x21-\x7e]+$/.test(token)) throw new RegistryError('the token server gave no usable token', { method, url, stage: 'answer', temporary: false });
  const seconds = from.value('expires_in');
  const isSaid = typeof seconds === 'number' && seconds > 0;
  return { token, seconds: isSaid ? Math.min(seconds, longestSeconds) : defaultSeconds };
}

/** Where to ask. Never less protected than the registry is, unless that is insecure by configuration. @throws REGISTRY_FAILED */
function realmOf({ challenge, registry, trust }: TokenRequest): URL {
  const text = challenge.params.get('realm') ?? '';
  const refuse = (why: string): RegistryError => new RegistryError(`its token server ${JSON.stringify(text.slice(0, 200))} ${why}`, { method: 'GET', url: registry, stage: 'answer', temporary: false });
  if (!URL.canParse(text)) throw refuse('is no URL');
  const realm = new URL(text);
  if (realm.protocol !== 'https:' && realm.protocol !== 'http:') throw refuse('is no web server');
  if (realm.username !== '' || realm.password !== '') throw refuse('has a user in its address');
  if (realm.protocol === 'http:' && !trust.insecure) throw refuse('is not protected by TLS');
  realm.hash = '';
  return realm;
}

export function basicAuthorization({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
