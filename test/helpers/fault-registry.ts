/**
 * A registry inside the test's own process, for what a real one never does: it serves images put in by code, and any exchange
 * may be replaced by a fault (faults.ts). It is its own token server too, and one instance may be another's.
 *
 *   const registry = await startFaultRegistry(t);
 *   registry.put('some/name', 'latest', madeImage([makeLayer({ 'a.txt': 'a' })]));
 *   registry.on(/GET .*\/blobs\//, cutBody(100), 1);
 *   const running = world.start(['pull', `${registry.domain}/some/name`]);     // not world.skiff: that blocks this process
 *   t.is((await running.exit).code, 0);
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ExecutionContext } from 'ava';
import { testCertificates } from './certificates.ts';
import { send } from './faults.ts';
import { sha256 } from './make-archive.ts';
import type { MadeImage } from './make-image.ts';

export interface Answer { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: Buffer }

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** `GET /v2/name/tags/list?n=10` */
  readonly line: string;
  readonly url: URL;
  readonly body: Buffer;
  /** What it would answer without the fault. */
  answer(): Promise<Answer>;
}
export type Fault = (exchange: Exchange) => void | Promise<void>;

export interface Recorded { readonly line: string; readonly headers: IncomingMessage['headers']; readonly body: Buffer; /** ms of performance.now() */ readonly at: number; /** Whether the client showed a certificate. */ readonly hasCertificate: boolean }

export interface Authority {
  /** Users by name, with their passwords. */
  readonly users?: Readonly<Record<string, string>>;
  /** Identity tokens that may be exchanged at the token server. */
  readonly identityTokens?: readonly string[];
  /** Who shows no credential may pull. */
  readonly anonymousPull?: boolean;
  /** Seconds, as `expires_in`; undefined: not said. */
  readonly expiresIn?: number;
}

export interface FaultRegistryOptions extends Authority {
  tls?: boolean;
  /** How it asks who is there. `bearer`: tokens of `tokenServer`, by default of its own `/token`. */
  auth?: 'basic' | 'bearer';
  tokenServer?: FaultRegistry;
  /** Tags on a page at most, however many are asked for. */
  pageSize?: number;
}

export interface FaultRegistry {
  readonly port: number;
  /** localhost:PORT */
  readonly domain: string;
  readonly url: string;
  /** The CA to trust, PEM, where TLS is on. */
  readonly ca: string | undefined;
  /** Every exchange that came in, in order, faults included. */
  readonly requests: Recorded[];
  readonly blobs: Map<string, Buffer>;
  /** By `repository@digest` and `repository:tag`. */
  readonly manifests: Map<string, { raw: Buffer; mediaType: string }>;
  /** Tokens given out and what they open. */
  readonly tokens: Map<string, { scopes: readonly string[]; expiresAt: number }>;
  /** Stores an image (and an index's images) under a tag, as if pushed. */
  put(repository: string, tag: string | undefined, image: MadeImage): void;
  /** Replaces the exchanges whose line matches, `times` of them; later rules go first. Returns what takes the rule back. */
  on(line: RegExp, fault: Fault, times?: number): () => void;
  /** How many requests came in whose line matches. */
  count(line: RegExp): number;
  /** Requests that carried `secret` in the line, a header (basic credentials decoded) or the body. */
  carrying(secret: string): Recorded[];
  stop(): Promise<void>;
}

export async function startFaultRegistry(t: ExecutionContext, options: FaultRegistryOptions = {}): Promise<FaultRegistry> {
  const rules: { line: RegExp; fault: Fault; left: number }[] = [];
  const uploads = new Map<string, Buffer>();
  const tls = options.tls === true ? testCertificates() : undefined;

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const line = `${request.method} ${request.url}`;
    const pieces: Buffer[] = [];
    const at = performance.now();
    for await (const bytes of request) pieces.push(bytes as Buffer);
    const body = Buffer.concat(pieces);
    registry.requests.push({ line, headers: { ...request.headers }, body, at, hasCertificate: request.socket instanceof TLSSocket && request.socket.getPeerX509Certificate() !== undefined });
    const url = new URL(request.url ?? '/', registry.url);
    const exchange: Exchange = { request, response, line, url, body, answer: () => Promise.resolve(rightAnswer(exchange)) };
    const rule = rules.findLast((one) => one.left > 0 && one.line.test(line));
    if (rule !== undefined) {
      rule.left--;
      await rule.fault(exchange);
    } else send(exchange, rightAnswer(exchange));
  };

  const rightAnswer = (exchange: Exchange): Answer => {
    if (exchange.url.pathname === '/token') return giveToken(registry, options, exchange);
    const refused = refusal(exchange);
    return refused ?? serve(registry, uploads, options.pageSize, exchange);
  };

  const refusal = (exchange: Exchange): Answer | undefined => {
    const header = exchange.request.headers.authorization ?? '';
    if (options.auth === 'basic') return knownUser(options, header) !== undefined ? undefined : error(401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="test"' });
    if (options.auth !== 'bearer') return undefined;
    const issuer = options.tokenServer ?? registry;
    const wanted = scopeOf(exchange);
    const token = issuer.tokens.get(header.replace(/^Bearer /, ''));
    if (token !== undefined && token.expiresAt > Date.now() && (wanted === undefined || opens(token.scopes, wanted))) return undefined;
    const scope = wanted === undefined ? '' : `,scope="${wanted}"`;
    return error(401, 'UNAUTHORIZED', { 'www-authenticate': `Bearer realm="${issuer.url}/token",service="fault"${scope}` });
  };

  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    // A client that gives up in the middle of its request is none of the registry's failures.
    handle(request, response).catch((thrown: unknown) => { if (!request.destroyed) response.destroy(thrown as Error); });
  };
  const server: Server = tls === undefined ? createServer(listener) : createTlsServer({ cert: tls.cert, key: tls.key, requestCert: true, rejectUnauthorized: false }, listener);
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as AddressInfo;
  const registry: FaultRegistry = {
    port, domain: `localhost:${port}`, url: `${tls === undefined ? 'http' : 'https'}://localhost:${port}`, ca: tls?.ca,
    requests: [], blobs: new Map(), manifests: new Map(), tokens: new Map(),
    put(repository, tag, image) {
      for (const child of image.children) registry.put(repository, undefined, child);
      for (const bytes of image.blobs) registry.blobs.set(`sha256:${sha256(bytes)}`, bytes);
      const stored = { raw: image.raw, mediaType: image.mediaType };
      registry.manifests.set(`${repository}@${image.digest}`, stored);
      if (tag !== undefined) registry.manifests.set(`${repository}:${tag}`, stored);
    },
    on(line, fault, times = Infinity) {
      const rule = { line, fault, left: times };
      rules.push(rule);
      return () => { rules.splice(rules.indexOf(rule), 1); };
    },
    count: (line) => registry.requests.filter((one) => line.test(one.line)).length,
    carrying: (secret) => registry.requests.filter((one) => textOf(one).includes(secret)),
    stop: () => new Promise((resolve) => {
      server.close(() => { resolve(); });
      server.closeAllConnections();
    }),
  };
  t.teardown(() => registry.stop());
  return registry;
}

function textOf(recorded: Recorded): string {
  const basic = /^Basic (.+)$/i.exec(recorded.headers.authorization ?? '')?.[1];
  return [recorded.line, decodeURIComponent(recorded.line), JSON.stringify(recorded.headers), Buffer.from(basic ?? '', 'base64').toString(), recorded.body.toString('latin1')].join('\n');
}

function error(status: number, code: string, headers: Record<string, string> = {}): Answer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: Buffer.from(JSON.stringify({ errors: [{ code, message: code.toLowerCase() }] })) };
}

function knownUser(authority: Authority, header: string): string | undefined {
  const pair = Buffer.from(/^Basic (.+)$/i.exec(header)?.[1] ?? '', 'base64').toString();
  const [user = '', ...rest] = pair.split(':');
  return authority.users?.[user] !== undefined && authority.users[user] === rest.join(':') ? user : undefined;
}

/** `repository:NAME:pull` or `…:pull,push`; undefined for what any token opens. */
function scopeOf({ request, url }: Exchange): string | undefined {
  if (url.pathname === '/v2/_catalog') return 'registry:catalog:*';
  const repository = /^\/v2\/(.+)\/(?:manifests|blobs|tags)\//.exec(url.pathname)?.[1];
  if (repository === undefined) return undefined;
  return `repository:${repository}:${request.method === 'GET' || request.method === 'HEAD' ? 'pull' : 'pull,push'}`;
}

function opens(granted: readonly string[], wanted: string): boolean {
  const split = (scope: string): { what: string; actions: string[] } => ({ what: scope.slice(0, scope.lastIndexOf(':')), actions: scope.slice(scope.lastIndexOf(':') + 1).split(',') });
  const { what, actions } = split(wanted);
  return actions.every((action) => granted.some((scope) => split(scope).what === what && split(scope).actions.includes(action)));
}

/** Docker's token server: GET with basic credentials or none, POST with a password or an identity token. */
function giveToken(registry: FaultRegistry, authority: Authority, { request, url, body }: Exchange): Answer {
  const form = request.method === 'POST' ? new URLSearchParams(body.toString()) : url.searchParams;
  const header = request.headers.authorization ?? '';
  const known = request.method === 'POST'
    ? (form.get('grant_type') === 'refresh_token' ? authority.identityTokens?.includes(form.get('refresh_token') ?? '') === true
      : knownUser(authority, `Basic ${Buffer.from(`${form.get('username')}:${form.get('password')}`).toString('base64')}`) !== undefined)
    : knownUser(authority, header) !== undefined;
  if (!known && (header !== '' || request.method === 'POST')) return error(401, 'UNAUTHORIZED');
  const wanted = form.getAll('scope').flatMap((text) => text.split(' '));
  const scopes = known ? wanted : wanted.flatMap((scope) => (authority.anonymousPull === true && scope.startsWith('repository:') ? [`${scope.slice(0, scope.lastIndexOf(':'))}:pull`] : []));
  const token = `token-${registry.tokens.size + 1}-of-${registry.port}`;
  registry.tokens.set(token, { scopes, expiresAt: Date.now() + (authority.expiresIn ?? 60) * 1000 });
  const answer = request.method === 'POST' ? { access_token: token } : { token };
  return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify({ ...answer, ...(authority.expiresIn !== undefined && { expires_in: authority.expiresIn }) })) };
}

function serve(registry: FaultRegistry, uploads: Map<string, Buffer>, pageSize: number | undefined, exchange: Exchange): Answer {
  const { url, request } = exchange;
  const { method = 'GET' } = request;
  if (url.pathname === '/v2/') return { status: 200, headers: { 'docker-distribution-api-version': 'registry/2.0' }, body: Buffer.from('{}') };
  const parts = /^\/v2\/(.+)\/(manifests|blobs|tags)\/(.*)$/.exec(url.pathname);
  if (url.pathname === '/v2/_catalog') {
    const names = [...new Set([...registry.manifests.keys()].map((key) => key.split(/[@:]/)[0] ?? ''))].toSorted();
    return page(url, 'repositories', names, pageSize, {});
  }
  if (parts === null) return error(404, 'NAME_UNKNOWN');
  const [, repository = '', kind, rest = ''] = parts;
  if (kind === 'tags') {
    const tags = [...registry.manifests.keys()].filter((key) => key.startsWith(`${repository}:`)).map((key) => key.slice(repository.length + 1)).toSorted();
    return tags.length === 0 ? error(404, 'NAME_UNKNOWN') : page(url, 'tags', tags, pageSize, { name: repository });
  }
  if (kind === 'manifests') return manifest(registry, repository, rest, exchange);
  if (rest.startsWith('uploads/')) return upload(registry, uploads, repository, rest.slice('uploads/'.length), exchange);
  const bytes = registry.blobs.get(rest);
  if (bytes === undefined || !['GET', 'HEAD'].includes(method)) return error(404, 'BLOB_UNKNOWN');
  return ranged(bytes, rest, request.headers.range);
}

function ranged(bytes: Buffer, digest: string, range: string | undefined): Answer {
  const headers = { 'content-type': 'application/octet-stream', 'docker-content-digest': digest, 'accept-ranges': 'bytes', 'content-length': String(bytes.length) };
  const found = /^bytes=(\d+)-(\d*)$/.exec(range ?? '');
  if (found === null) return { status: 200, headers, body: bytes };
  const start = Number(found[1]);
  const last = found[2] === '' ? bytes.length - 1 : Math.min(Number(found[2]), bytes.length - 1);
  if (start >= bytes.length) return { status: 416, headers: { 'content-range': `bytes */${bytes.length}` }, body: Buffer.alloc(0) };
  const body = bytes.subarray(start, last + 1);
  return { status: 206, headers: { ...headers, 'content-length': String(body.length), 'content-range': `bytes ${start}-${last}/${bytes.length}` }, body };
}

function page(url: URL, key: string, all: string[], pageSize: number | undefined, more: object): Answer {
  const wanted = Math.min(Number(url.searchParams.get('n') ?? 10_000), pageSize ?? Infinity);
  const last = url.searchParams.get('last');
  const from = last === null ? 0 : all.findIndex((name) => name > last);
  const names = from < 0 ? [] : all.slice(from, from + wanted);
  const link = from >= 0 && from + wanted < all.length ? { link: `<${url.pathname}?n=${wanted}&last=${encodeURIComponent(names.at(-1) ?? '')}>; rel="next"` } : {};
  return { status: 200, headers: { 'content-type': 'application/json', ...link }, body: Buffer.from(JSON.stringify({ ...more, [key]: names })) };
}

function manifest(registry: FaultRegistry, repository: string, reference: string, { request, body }: Exchange): Answer {
  const key = `${repository}${reference.includes(':') ? '@' : ':'}${reference}`;
  if (request.method === 'PUT') {
    const digest = `sha256:${sha256(body)}`;
    const stored = { raw: body, mediaType: request.headers['content-type'] ?? '' };
    registry.manifests.set(key, stored);
    registry.manifests.set(`${repository}@${digest}`, stored);
    return { status: 201, headers: { location: `/v2/${repository}/manifests/${digest}`, 'docker-content-digest': digest }, body: Buffer.alloc(0) };
  }
  const found = registry.manifests.get(key);
  if (found === undefined) return error(404, 'MANIFEST_UNKNOWN');
  return { status: 200, headers: { 'content-type': found.mediaType, 'docker-content-digest': `sha256:${sha256(found.raw)}`, 'content-length': String(found.raw.length) }, body: found.raw };
}

function upload(registry: FaultRegistry, uploads: Map<string, Buffer>, repository: string, id: string, { request, url, body }: Exchange): Answer {
  const place = (name: string): string => `/v2/${repository}/blobs/uploads/${name}?state=${name}-state`;
  if (request.method === 'POST') {
    const mount = url.searchParams.get('mount');
    if (mount !== null && registry.blobs.has(mount)) return { status: 201, headers: { location: `/v2/${repository}/blobs/${mount}`, 'docker-content-digest': mount }, body: Buffer.alloc(0) };
    // Not by their number: several are open at once, and those that were closed are gone from the map.
    const name = `upload-${randomUUID()}`;
    uploads.set(name, Buffer.alloc(0));
    return { status: 202, headers: { location: place(name), range: '0-0' }, body: Buffer.alloc(0) };
  }
  const sofar = uploads.get(id);
  if (sofar === undefined || url.searchParams.get('state') !== `${id}-state`) return error(404, 'BLOB_UPLOAD_UNKNOWN');
  const all = Buffer.concat([sofar, body]);
  uploads.set(id, all);
  if (request.method === 'PATCH') return { status: 202, headers: { location: place(id), range: `0-${Math.max(all.length - 1, 0)}` }, body: Buffer.alloc(0) };
  const digest = `sha256:${sha256(all)}`;
  uploads.delete(id);
  if (url.searchParams.get('digest') !== digest) return error(400, 'DIGEST_INVALID');
  registry.blobs.set(digest, all);
  return { status: 201, headers: { location: `/v2/${repository}/blobs/${digest}`, 'docker-content-digest': digest }, body: Buffer.alloc(0) };
}
