/**
 * Exchanges with one registry, authorised: finds out whether it speaks TLS, answers its challenges, tries again what may pass.
 *
 * There is no ping before the first request: the request itself is sent, and a 401 tells what to bring. The challenge is
 * remembered, so that later requests bring it at once. Only a registry that may be without TLS, and is not seen at once to have none, is
 * asked first.
 *
 * @see distribution-spec spec.md "Endpoints"
 */
import { SkiffError, type ErrorCode } from '../lib/errors.ts';
import { log } from '../lib/log.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { RegistryError, registryErrorOf } from './errors.ts';
import { failureOf, type Http, type HttpAnswer, type Trust } from './http.ts';
import type { Credential } from './index.ts';
import { checkLocation } from './location.ts';
import { withRetries } from './retry.ts';
import { basicAuthorization, type TokenRequest, type TokenStore } from './token.ts';

/** What is learnt of one host during a command. */
export interface Host {
  readonly trust: Trust;
  /** `https://host` or `http://host`, settled by the first who asks. */
  origin(): Promise<URL>;
  /** What it asked for last; undefined: nothing so far. */
  challenge: Challenge | undefined;
}

export interface RegistryRequest {
  readonly method: string;
  /** Path and query from the host's root, or the URL that the registry gave (upload, next page). */
  readonly target: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | (() => AsyncIterable<Uint8Array>);
  /** `repository:name:pull`. */
  readonly scopes: readonly string[];
  /** Statuses that are an answer; others throw. */
  readonly expect: readonly number[];
  /** What a status means, e.g. 404: 'MANIFEST_UNKNOWN'. */
  readonly codes?: Readonly<Record<number, ErrorCode>>;
  readonly answerTimeoutMs?: number;
  /** Attempts after temporary failures; 1 for a body that is restarted by its owner. */
  readonly attempts?: number;
}

export interface Transport {
  /** @throws RegistryError; REGISTRY_UNAUTHORIZED with a hint where a credential is missing or refused */
  send(request: RegistryRequest): Promise<HttpAnswer>;
  /** An URL that the registry gave, made absolute, and kept at TLS where the registry has it. */
  resolve(location: string, base: URL): URL;
}

export interface TransportOptions {
  readonly http: Http;
  readonly host: Host;
  readonly tokens: TokenStore;
  readonly attempts: number;
  readonly retryDelayMs: number | undefined;
  /** There is another place to ask: nothing is waited for, only a connection that had grown cold is made anew. */
  readonly isMirror: boolean;
  readonly signal?: AbortSignal | undefined;
  /** For messages and hints: the name in references. */
  readonly domain: string;
  readonly credential: () => Promise<Credential | undefined>;
  /** Where the credential is from, for a refusal's hint: kept by `login` (or missing), the command's own (--creds), or on trial in `login` itself. */
  readonly credentialFrom: 'store' | 'flag' | 'login';
}

/** Finds out once how a host is reached: https, or where that is allowed and https fails before an answer, http. */
export function openHost(http: Http, trust: Trust): Host {
  let settled: Promise<URL> | undefined;
  const host: Host = {
    trust, challenge: undefined,
    origin() {
      settled ??= trust.insecure ? probe() : Promise.resolve(new URL(`https://${trust.host}`));
      settled.catch(() => { settled = undefined; });
      return settled;
    },
  };
  const ask = async (origin: URL, afterTls?: RegistryError): Promise<URL> => {
    const answer = await http.exchange({ method: 'GET', url: new URL('/v2/', origin), trust });
    // So answers a server of TLS that is spoken to without it: why it was not to be had with it is what to tell.
    if (afterTls !== undefined && answer.status === 400) {
      await answer.discard();
      throw afterTls;
    }
    // What another host asks for, to which a redirect leads, is not this one's question.
    if (answer.status === 401 && answer.url.origin === origin.origin) host.challenge = chosenChallenge(answer);
    await answer.discard();
    return origin;
  };
  const probe = async (): Promise<URL> => {
    // Then the first request asks for itself.
    if (await http.isPlain(new URL(`https://${trust.host}`))) return new URL(`http://${trust.host}`);
    try {
      return await ask(new URL(`https://${trust.host}`));
    } catch (error) {
      const failure = registryErrorOf(error);
      if (failure === undefined || failure.stage === 'answer') throw error;
      try {
        return await ask(new URL(`http://${trust.host}`), failure);
      } catch (second) {
        // Where nothing listens both fail alike; where TLS fails for a reason of its own that is the one to tell.
        throw second === failure || (failure.stage === 'tls' && registryErrorOf(second)?.stage !== 'connect') ? failure : second;
      }
    }
  };
  return host;
}

export function openTransport(options: TransportOptions): Transport {
  const { http, host, tokens } = options;
  let credential: Promise<Credential | undefined> | undefined;

  /** The header for a challenge; undefined: there is nothing to show. */
  const authorize = async (challenge: Challenge, scopes: readonly string[], registry: URL): Promise<{ header: string; retract?: () => boolean } | undefined> => {
    credential ??= options.credential();
    const known = await credential;
    if (challenge.scheme === 'basic') return known?.kind === 'basic' ? { header: basicAuthorization(known) } : undefined;
    const request: TokenRequest = { challenge, scopes, credential: known, trust: host.trust, registry };
    const token = await tokens.token(request);
    return { header: `Bearer ${token}`, retract: () => tokens.forget(request, token) };
  };

  /** Adds what to do about it: where nobody is logged in, or not rightly. */
  const hinted = async (failure: RegistryError): Promise<RegistryError> => {
    credential ??= options.credential();
    const isKnown = (await credential) !== undefined;
    const login = `skiff login ${options.domain}`;
    const refused = !isKnown ? login : options.credentialFrom === 'flag'
      ? `user or password in --creds may be wrong, or may lack the right, at ${options.domain}` : `the stored credentials for ${options.domain} may be wrong or lack the right: ${login}`;
    const hint = failure.status !== 429 ? refused : isKnown ? undefined : `who is logged in may be allowed more: ${login}`;
    const what = failure.message.slice(failure.message.indexOf(': ') + 2);
    return new RegistryError(what, { ...failure, url: new URL(failure.url), hint, cause: failure.cause });
  };

  const attempt = async (request: RegistryRequest): Promise<HttpAnswer> => {
    const origin = await host.origin();
    const url = typeof request.target === 'string' ? new URL(request.target, origin) : request.target;
    // An upload may continue elsewhere; the secret stays.
    const isHome = url.origin === origin.origin;
    let known = isHome ? host.challenge : undefined;
    let shown = known === undefined ? undefined : await authorize(known, request.scopes, origin);
    for (let round = 1; ; round++) {
      const answer = await http.exchange({ ...request, url, trust: host.trust, authorization: shown?.header });
      if (request.expect.includes(answer.status)) return answer;
      const challenge = answer.status === 401 && isHome && answer.url.origin === origin.origin ? chosenChallenge(answer) : undefined;
      const failure = await failureOf(answer, request.codes);
      // Worth another round: nothing was asked for before, something else is asked for now, or the token was an old one.
      const isNews = challenge !== undefined && (known === undefined || !sameChallenge(known, challenge) || (round === 1 && shown?.retract?.() === true));
      if (!isNews || round > 2) throw failure;
      known = host.challenge = challenge;
      shown = await authorize(challenge, request.scopes, origin);
      if (shown === undefined) throw failure;
    }
  };

  return {
    async send(request) {
      try {
        return await withRetries(request.attempts ?? options.attempts, options.signal, () => attempt(request), (failure) => !options.isMirror || failure.stage === 'exchange', options.retryDelayMs);
      } catch (error) {
        throw error instanceof RegistryError && options.credentialFrom !== 'login' && [401, 403, 429].includes(error.status ?? 0) ? await hinted(error) : error;
      }
    },
    resolve(location, base) {
      const to = checkLocation(location, base, { insecure: host.trust.insecure, mendsScheme: true });
      if (!('fault' in to)) return to;
      const what = to.fault === 'unreadable' ? 'that is no URL' : `of scheme ${JSON.stringify(to.to.protocol)}`;
      throw new RegistryError(`the registry sent a location ${what}`, { method: 'GET', url: base, stage: 'answer', temporary: false });
    },
  };
}

/** The challenge to answer: a token where one is offered, else a password. Undefined: nothing that we know. */
function chosenChallenge(answer: HttpAnswer): Challenge | undefined {
  const offered = answer.headerLines('www-authenticate').flatMap((line) => {
    try {
      return parseChallenges(line);
    } catch (error) {
      if (!(error instanceof SkiffError)) throw error;
      log.debug(`${answer.url.host}: ${error.message}`);
      return [];
    }
  });
  return offered.find(({ scheme, params }) => scheme === 'bearer' && params.has('realm')) ?? offered.find(({ scheme }) => scheme === 'basic');
}

function sameChallenge(one: Challenge | undefined, other: Challenge): boolean {
  return one?.scheme === other.scheme && ['realm', 'service'].every((name) => one.params.get(name) === other.params.get(name));
}
