/**
 * What goes wrong with a registry, with its structure kept: retries and fallbacks read `temporary` and `stage`, never the text.
 *
 * @see distribution-spec spec.md "Error Codes"
 */
import { isObject } from '../lib/json.ts';
import { type ErrorCode, SkiffError } from '../lib/errors.ts';
import { oneLine, redactUrl } from './redact.ts';

export const maxErrorBytes = 8 * 1024;

/** One entry of a registry's `errors`. Both texts are from outside: one line each, bounded. */
export interface SpecError { readonly code: string; readonly message: string }

/** How far the exchange got: no connection, no trust, cut in the middle, or an answer that says no. */
export type Stage = 'connect' | 'tls' | 'exchange' | 'answer';

export interface RegistryErrorDetails {
  readonly code?: ErrorCode | undefined;
  readonly method: string;
  readonly url: URL;
  readonly stage: Stage;
  readonly status?: number | undefined;
  readonly errors?: readonly SpecError[] | undefined;
  /** The start of the answer's body. */
  readonly body?: string | undefined;
  /** Another attempt may succeed. */
  readonly temporary: boolean;
  readonly retryAfterMs?: number | undefined;
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

export class RegistryError extends SkiffError {
  readonly method: string;
  /** Redacted. */
  readonly url: string;
  readonly stage: Stage;
  readonly status: number | undefined;
  readonly errors: readonly SpecError[];
  readonly body: string;
  readonly temporary: boolean;
  readonly retryAfterMs: number | undefined;

  /** The message is "METHOD URL: what". */
  constructor(what: string, details: RegistryErrorDetails) {
    const url = redactUrl(details.url);
    const { code = 'REGISTRY_FAILED', method, status, errors = [], temporary } = details;
    super(code, `${method} ${url}: ${what}`, { hint: details.hint, cause: details.cause, data: { method, url, temporary, ...(status !== undefined && { status, errors }) } });
    this.name = 'RegistryError';
    this.method = method;
    this.url = url;
    this.stage = details.stage;
    this.status = status;
    this.errors = errors;
    this.body = details.body ?? '';
    this.temporary = temporary;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** The registry's failure at the bottom of an error, however often it was wrapped. */
export function registryErrorOf(error: unknown): RegistryError | undefined {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof RegistryError) return at;
  return undefined;
}

/** True where another attempt may succeed: the network, the registry's load, a cut body. */
export function isTemporary(error: unknown): boolean {
  return registryErrorOf(error)?.temporary === true;
}

/** A registry that wants more patience than this has closed for the day (Docker Hub's limits are counted in hours). */
export const longestRetryAfterMs = 60_000;

const temporaryStatuses = new Set([408, 429, 500, 502, 503, 504]);

/**
 * The error for an answer that says no. `codes` gives codes to statuses (404: what was not there); 401 and 403 are
 * REGISTRY_UNAUTHORIZED, others REGISTRY_FAILED.
 */
export function answerError(method: string, url: URL, answer: { status: number; statusText: string; body: Buffer; retryAfterMs: number | undefined }, codes: Readonly<Record<number, ErrorCode>> = {}): RegistryError {
  const { status } = answer;
  const errors = specErrors(answer.body);
  const named = errors.map(({ code, message }) => (message === '' || message.toUpperCase() === code ? code : `${code}: ${message}`)).join('; ');
  const code = status === 401 || status === 403 ? 'REGISTRY_UNAUTHORIZED' : errors.some((one) => one.code === 'NAME_UNKNOWN') ? 'NAME_UNKNOWN' : codes[status];
  const { retryAfterMs = 0 } = answer;
  const patience = retryAfterMs > longestRetryAfterMs ? `; it asks to be tried again in ${Math.ceil(retryAfterMs / 1000)} s` : '';
  return new RegistryError(`${status} ${named === '' ? answer.statusText : named}${patience}`, {
    code, method, url, stage: 'answer', status, errors, temporary: temporaryStatuses.has(status), retryAfterMs: answer.retryAfterMs,
    body: answer.body.subarray(0, maxErrorBytes).toString(),
  });
}

function specErrors(body: Buffer): SpecError[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString());
  } catch {
    // Proxies and load balancers answer with pages of their own.
    return [];
  }
  if (!isObject(parsed)) return [];
  const listed = Array.isArray(parsed['errors']) ? parsed['errors'].slice(0, 5) : [parsed];
  return listed.filter(isObject).flatMap((entry) => {
    const text = (name: string): string => (typeof entry[name] === 'string' ? oneLine(entry[name]) : '');
    const message = text('message') || text('details') || text('detail');
    return text('code') === '' && message === '' ? [] : [{ code: text('code') || 'UNKNOWN', message }];
  });
}

/** Codes of our own timeouts, beside Node's. */
export const answerTimeout = 'ERR_ANSWER_TIMEOUT';
export const bodyTimeout = 'ERR_BODY_TIMEOUT';

/** What a connection is destroyed with when its time is over: one of the codes above, or ETIMEDOUT for connecting. */
export function timeoutError(code: string): Error {
  return Object.assign(new Error('timed out'), { code });
}

const connectCodes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused', EHOSTUNREACH: 'no route to host', ENETUNREACH: 'network is unreachable', ETIMEDOUT: 'connection timed out',
  EAI_AGAIN: 'the name can\'t be resolved at the moment',
};
const cutCodes: Readonly<Record<string, string>> = {
  ECONNRESET: 'connection reset', EPIPE: 'connection closed', ERR_STREAM_PREMATURE_CLOSE: 'connection closed', HPE_INVALID_EOF_STATE: 'connection closed',
  [answerTimeout]: 'no answer in time', [bodyTimeout]: 'no data in time',
};
const trustCodes: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed', SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by an unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by an unknown authority', UNABLE_TO_GET_ISSUER_CERT: 'its certificate is signed by an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by an unknown authority', CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet', ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

/** A server sends these of the client's certificate: it got none, or one that it doesn't like. @see RFC 8446 section 6.2 */
const certificateAlert = /alert (?:bad certificate|unsupported certificate|certificate (?:required|unknown|expired|revoked)|unknown ca)/;

/**
 * The error for an exchange that got no answer, or not all of it. A RegistryError and an abort's reason stay what they are. Who goes through a
 * proxy connects to that, and so it is what can't be reached. `showsCertificate`: the host is shown a certificate of ours.
 */
export function exchangeError(
  error: unknown, method: string, url: URL, { signal, proxy, showsCertificate = false }: { signal?: AbortSignal | undefined; proxy?: URL | undefined; showsCertificate?: boolean } = {},
): Error {
  if (signal?.aborted === true) return signal.reason instanceof Error ? signal.reason : new SkiffError('REGISTRY_FAILED', 'stopped', { cause: signal.reason });
  if (error instanceof SkiffError) return error;
  const code = codeOf(error);
  const details = { method, url, cause: error };
  if (Object.hasOwn(trustCodes, code)) {
    return new RegistryError(trustCodes[code] ?? code, { ...details, stage: 'tls', temporary: false, hint: `put the authority's certificate into ~/.config/containers/certs.d/${url.host}/ca.crt` });
  }
  if (certificateAlert.test(messageOf(error)) && (code === 'EPROTO' || code.startsWith('ERR_SSL'))) {
    const folder = `~/.config/containers/certs.d/${url.host}`;
    return new RegistryError(showsCertificate ? 'it does not take our client certificate' : 'it wants a client certificate', {
      ...details, stage: 'tls', temporary: false,
      hint: showsCertificate ? `see the .cert and .key in certs.d for ${url.host}, or in --cert-dir` : `put the certificate and its key into ${folder}, as client.cert and client.key`,
    });
  }
  // A server of plain HTTP answers a TLS hello with text.
  if (code === 'EPROTO' || code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS')) {
    const isPlain = /wrong version number|packet length too long|http request/i.test(messageOf(error));
    return new RegistryError(isPlain ? 'the server speaks no TLS' : `TLS: ${oneLine(messageOf(error))}`, {
      ...details, stage: 'tls', temporary: false, ...(isPlain && { hint: 'for a registry without TLS: --tls-verify=false, or insecure = true in registries.conf' }),
    });
  }
  const reached = proxy === undefined ? '' : `proxy ${proxy.protocol}//${proxy.host}: `;
  if (code === 'ENOTFOUND') return new RegistryError(`${reached}no such host ${(proxy ?? url).hostname}`, { ...details, stage: 'connect', temporary: false });
  if (Object.hasOwn(connectCodes, code)) return new RegistryError(`${reached}${connectCodes[code] ?? code}`, { ...details, stage: 'connect', temporary: true });
  if (Object.hasOwn(cutCodes, code)) return new RegistryError(cutCodes[code] ?? code, { ...details, stage: 'exchange', temporary: true });
  return new RegistryError(oneLine(messageOf(error)), { ...details, stage: 'exchange', temporary: false });
}

/** Node's codes; of several addresses tried, that of the last. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors.at(-1));
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
