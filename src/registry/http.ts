/**
 * One HTTP exchange: connection, TLS, proxy, redirects. Knows no registry. Nothing is decompressed, no body is held in memory.
 *
 * A secret goes to the origin (scheme, host, port) that the request names, and nowhere a redirect leads. @see CVE-2020-15157
 */
import { setMaxListeners } from 'node:events';
import { Agent as HttpAgent, type IncomingMessage, STATUS_CODES } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { createSecureContext, type SecureContext } from 'node:tls';
import { type ErrorCode, SkiffError } from '../lib/errors.ts';
import { log } from '../lib/log.ts';
import { monotonicMs } from '../lib/monotonic.ts';
import { version } from '../lib/version.ts';
import { answerError, bodyTimeout, exchangeError, maxErrorBytes, RegistryError, timeoutError } from './errors.ts';
import type { RegistryCerts } from './index.ts';
import { checkLocation } from './location.ts';
import { isPlainHttp } from './plain-port.ts';
import { proxyFor } from './proxy.ts';
import { compileAddressTest } from './quick-address-test.ts';
import { redactUrl } from './redact.ts';
import { parseRetryAfter } from './retry.ts';
import { type Route, sendRequest } from './send.ts';
import { systemRoots } from './system-roots.ts';

/** What a host must show, and what it is shown. One object for each registry: connections are kept by it. */
export interface Trust {
  /** host[:port] that the client's certificate is for. Its authorities vouch for the hosts it redirects to as well. */
  readonly host: string;
  readonly insecure: boolean;
  readonly certs: RegistryCerts;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** For the origin of `url` alone. */
  readonly authorization?: string | undefined;
  /** A function gives the body anew for another attempt. */
  readonly body?: Uint8Array | (() => AsyncIterable<Uint8Array>) | undefined;
  /** The body is for the origin of `url` alone, too: a redirect that would take it elsewhere is refused. */
  readonly isBodySecret?: boolean;
  readonly trust: Trust;
  /** Patience until the answer's head, where it is not the usual. */
  readonly answerTimeoutMs?: number | undefined;
}

/** The body must be read or discarded: it holds a connection. */
export interface HttpAnswer {
  readonly method: string;
  readonly status: number;
  /** Where the answer came from, redirects followed. */
  readonly url: URL;
  /** The first value of a header, by lower-case name. */
  header(name: string): string | undefined;
  /** All of them, one a line. */
  headerLines(name: string): readonly string[];
  /** @throws RegistryError of `code` beyond `maxBytes`, and where it takes beyond measure */
  read(maxBytes: number, code?: ErrorCode): Promise<Buffer>;
  /** The pieces as they come. A failure on the way is a temporary RegistryError. */
  stream(): AsyncGenerator<Uint8Array, void, void>;
  discard(): Promise<void>;
}

export interface HttpOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
  /** Without a byte for so long an exchange has failed. */
  readonly idleTimeoutMs: number;
}

export interface Http {
  /** Follows redirects. Resolves for every status; rejects with RegistryError where there is no answer, or with the signal's reason. */
  exchange(request: HttpRequest): Promise<HttpAnswer>;
  /** Whether the URL's port is known to speak no TLS. False also where it is not found out: without a port in the URL, through a proxy. */
  isPlain(url: URL): Promise<boolean>;
  /** Ends all connections, those in use as well. */
  close(): Promise<void>;
}

const maxRedirects = 10;
const connectTimeoutMs = 10_000;
/** For one of several addresses. Node's own 250 ms give up on every address of a registry that is far away. */
const addressTimeoutMs = 1500;
const discardBytes = 64 * 1024;
/** For what nobody wants, and for the text of a failure, of which the status is the news. */
const unwantedMs = 5000;
/** Without a byte for so long a wait is told to whoever waits. */
export const stallNoticeMs = 5000;
/**
 * A body that has begun and stands still for so long has failed. Shorter than the wait for its head, before which a registry may have to look for
 * the blob elsewhere: what has begun comes, or another attempt brings it sooner.
 */
const longestStallMs = 30_000;
/** A document that comes byte by byte is given up after so many idle timeouts: it is small, and its reader waits for all of it. */
const documentTimeouts = 10;

export function openHttp(options: HttpOptions): Http {
  compileAddressTest();
  // Each exchange under way listens to it: many at once are no leak, and no reason for Node to warn.
  if (options.signal !== undefined) setMaxListeners(0, options.signal);
  const routes = new Map<string, Promise<Route>>();
  const trustNumbers = new Map<Trust, number>();
  let roots: (string | Buffer)[] | undefined;

  const secureContext = (trust: Trust, isOwn: boolean): SecureContext => {
    const { ca = [], cert, key } = trust.certs;
    roots ??= trust.insecure ? undefined : systemRoots(options.env);
    try {
      return createSecureContext({ ca: trust.insecure ? [] : [...(roots ?? []), ...ca], ...(isOwn && cert !== undefined && { cert }), ...(isOwn && key !== undefined && { key }) });
    } catch (cause) {
      throw new SkiffError('CONFIG_INVALID', `certificates for ${trust.host}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  };

  const routeFor = (url: URL, trust: Trust): Promise<Route> => {
    const proxy = proxyFor(url, options.env);
    const isOwn = url.host === trust.host;
    if (!trustNumbers.has(trust)) trustNumbers.set(trust, trustNumbers.size);
    const key = [trustNumbers.get(trust), url.protocol, isOwn, proxy?.href].join(' ');
    const made = routes.get(key) ?? makeRoute(url.protocol, trust, isOwn, proxy);
    routes.set(key, made);
    return made;
  };

  const makeRoute = async (protocol: string, trust: Trust, isOwn: boolean, proxy: URL | undefined): Promise<Route> => {
    const tls = protocol === 'https:' ? { secureContext: secureContext(trust, isOwn), rejectUnauthorized: !trust.insecure } : {};
    const agent = { keepAlive: true, autoSelectFamilyAttemptTimeout: addressTimeoutMs };
    if (proxy === undefined) return { agent: protocol === 'https:' ? new HttpsAgent({ ...agent, ...tls }) : new HttpAgent(agent) };
    const proxyTls = proxy.protocol === 'https:' ? { ca: systemRoots(options.env) } : {};
    return (await import('./proxied.ts')).proxiedRoute(proxy, { protocol, agent, tls, proxyTls, timeoutMs: connectTimeoutMs });
  };

  const once = async (request: HttpRequest, url: URL, authorization: string | undefined): Promise<HttpAnswer> => {
    const { method, body } = request;
    const { signal, idleTimeoutMs } = options;
    const started = monotonicMs();
    const shown = `${method} ${redactUrl(url)}${authorization === undefined ? '' : ` (${authorization.slice(0, authorization.indexOf(' '))} ***)`}`;
    try {
      const answer = await sendRequest(await routeFor(url, request.trust), {
        url, method, body, signal, connectTimeoutMs, answerTimeoutMs: request.answerTimeoutMs ?? idleTimeoutMs,
        headers: { 'user-agent': `skiff/${version}`, 'accept-encoding': 'identity', ...request.headers, ...(authorization !== undefined && { authorization }) },
      });
      const made = answerOf(answer, method, url, options);
      const range = request.headers?.['range'];
      log.debug(`${shown}${range === undefined ? '' : ` ${range}`}: ${made.status}, ${made.header('content-type') ?? 'no type'}, ${made.header('content-length') ?? '?'} bytes, ${Math.round(monotonicMs() - started)} ms`);
      return made;
    } catch (error) {
      const failure = exchangeError(error, method, url, { signal, proxy: proxyFor(url, options.env), showsCertificate: url.host === request.trust.host && request.trust.certs.cert !== undefined });
      log.debug(`${shown}: ${failure instanceof RegistryError ? failure.message.slice(failure.message.indexOf(': ') + 2) : failure.message}`);
      throw failure;
    }
  };

  return {
    async exchange(request) {
      let { url, authorization } = request;
      for (let hops = 0; ; hops++) {
        const answer = await once(request, url, authorization);
        const location = isRedirect(request.method, answer.status) ? answer.header('location') : undefined;
        if (location === undefined) return answer;
        await answer.discard();
        const next = redirectTarget(request, url, location);
        if (hops === maxRedirects) throw new RegistryError(`more than ${maxRedirects} redirects`, { method: request.method, url: request.url, stage: 'answer', temporary: false });
        // Once dropped it stays so, even where a later redirect leads back.
        if (next.origin !== url.origin) authorization = undefined;
        url = next;
      }
    },
    isPlain: async (url) => url.port !== '' && proxyFor(url, options.env) === undefined && isPlainHttp(url, options.signal),
    async close() {
      // One that could not be made was its request's failure.
      for (const made of routes.values()) (await made.catch(() => undefined))?.agent.destroy();
      routes.clear();
    },
  };
}

/** Uploads are redirected only in ways that keep method and body. */
function isRedirect(method: string, status: number): boolean {
  return status === 307 || status === 308 || ((method === 'GET' || method === 'HEAD') && (status === 301 || status === 302 || status === 303));
}

function redirectTarget({ method, trust, isBodySecret }: HttpRequest, from: URL, location: string): URL {
  const refuse = (why: string): RegistryError => new RegistryError(why, { method, url: from, stage: 'answer', temporary: false });
  const to = checkLocation(location, from, { insecure: trust.insecure, mendsScheme: false });
  if ('fault' in to) {
    switch (to.fault) {
      case 'unreadable': throw refuse('redirect to what is no URL');
      case 'scheme': throw refuse(`redirect to scheme ${JSON.stringify(to.to.protocol)} refused`);
      case 'downgrade': throw refuse(`redirect from https to ${redactUrl(to.to)} refused`);
    }
  }
  if (isBodySecret === true && to.origin !== from.origin) throw refuse(`redirect of a secret to ${to.origin} refused`);
  return to;
}

function answerOf(answer: IncomingMessage, method: string, url: URL, { signal, idleTimeoutMs }: HttpOptions): HttpAnswer {
  const { headers, statusCode: status = 0 } = answer;
  const headerLines = (name: string): readonly string[] => answer.headersDistinct[name] ?? [];
  const header = (name: string): string | undefined => [headers[name]].flat()[0];
  async function* stream(): AsyncGenerator<Uint8Array, void, void> {
    // Only time that is spent waiting for the registry counts, not what the reader takes for a piece.
    let isWaiting = true;
    const timer = setTimeout(() => { if (isWaiting) answer.destroy(timeoutError(bodyTimeout)); }, Math.min(idleTimeoutMs, longestStallMs));
    try {
      for await (const piece of answer) {
        isWaiting = false;
        yield piece as Uint8Array;
        isWaiting = true;
        timer.refresh();
      }
    } catch (error) {
      throw exchangeError(error, method, url, { signal });
    } finally {
      clearTimeout(timer);
    }
  }
  return {
    method, status, url, header, headerLines, stream,
    async read(maxBytes, code = 'REGISTRY_FAILED') {
      const tooLarge = (): RegistryError => new RegistryError(`answer is larger than ${maxBytes} bytes`, { code, method, url, stage: 'answer', status, temporary: false });
      if (method !== 'HEAD' && Number(header('content-length') ?? 0) > maxBytes) {
        answer.destroy();
        throw tooLarge();
      }
      const pieces: Uint8Array[] = [];
      let length = 0;
      const started = monotonicMs();
      for await (const piece of toldStalls(stream(), `${method} ${redactUrl(url)}`)) {
        length += piece.length;
        if (length > maxBytes) throw tooLarge();
        if (monotonicMs() - started > documentTimeouts * idleTimeoutMs) throw new RegistryError(`no end of the answer in ${Math.round(documentTimeouts * idleTimeoutMs / 1000)} s`, { method, url, stage: 'exchange', temporary: false });
        pieces.push(piece);
      }
      return Buffer.concat(pieces, length);
    },
    async discard() {
      let length = 0;
      const timer = setTimeout(() => { answer.destroy(); }, unwantedMs);
      try {
        for await (const piece of stream()) if ((length += piece.length) > discardBytes) break;
      } catch (error) {
        // What is left of an unwanted body is nobody's concern: at worst the connection is not used again. An abort is.
        if (!(error instanceof RegistryError)) throw error;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** The same pieces; each time that none comes for a while, that is said of `what`. */
export async function* toldStalls(body: AsyncIterable<Uint8Array>, what: string, afterMs = stallNoticeMs): AsyncGenerator<Uint8Array, void, void> {
  const timer = setTimeout(() => log.warn(`${what}: no data for ${afterMs / 1000} s, waiting`), afterMs);
  try {
    for await (const piece of body) {
      yield piece;
      timer.refresh();
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Turns an unwanted answer into its error; reads at most 8 KiB of it. */
export async function failureOf(answer: HttpAnswer, codes?: Readonly<Record<number, ErrorCode>>): Promise<RegistryError> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const started = monotonicMs();
  try {
    for await (const piece of answer.stream()) {
      pieces.push(piece);
      length += piece.length;
      if (length >= maxErrorBytes || monotonicMs() - started > unwantedMs) break;
    }
  } catch (error) {
    // The status is the news; a body cut short adds nothing. An abort does.
    if (!(error instanceof RegistryError)) throw error;
  }
  return answerError(answer.method, answer.url, {
    status: answer.status, statusText: STATUS_CODES[answer.status] ?? 'unknown status', body: Buffer.concat(pieces).subarray(0, maxErrorBytes), retryAfterMs: parseRetryAfter(answer.header('retry-after'), Date.now()),
  }, codes);
}
