/** Connections through a proxy. Loaded where there is one. */
import { once } from 'node:events';
import { Agent as HttpAgent, type AgentOptions, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { log } from '../lib/log.ts';
import { timeoutError } from './errors.ts';
import { redactUrl } from './redact.ts';
import type { Route } from './send.ts';
import { openSocks } from './socks.ts';

export interface ProxiedOptions {
  readonly protocol: string;
  readonly agent: AgentOptions;
  /** For the connection to the server behind the proxy. */
  readonly tls: ConnectionOptions;
  /** For the connection to the proxy itself, where its address is https. */
  readonly proxyTls: ConnectionOptions;
  /** For proxy, tunnel and TLS together. */
  readonly timeoutMs: number;
}

/** https goes through tunnels; plain http by whole addresses, since many proxies tunnel to port 443 alone. SOCKS takes both. */
export function proxiedRoute(proxy: URL, options: ProxiedOptions): Route {
  log.debug(`proxy ${redactUrl(proxy)}`);
  const isTls = options.protocol === 'https:';
  if (proxy.protocol !== 'socks5:' && !isTls) {
    const agent = proxy.protocol === 'https:' ? new HttpsAgent({ ...options.agent, ...options.proxyTls, servername: nameOf(proxy) }) : new HttpAgent(options.agent);
    // A user in a URL would be shown to the server behind it, as Node sees it.
    const bare = new URL(proxy);
    bare.username = '';
    bare.password = '';
    return { agent, proxy: { url: bare, headers: authorizationOf(proxy) } };
  }
  const agent = isTls ? new HttpsAgent(options.agent) : new HttpAgent(options.agent);
  const open = async (host: string, port: number): Promise<Socket> => {
    const socket = proxy.protocol === 'socks5:' ? await openSocks(proxy, host, port, options.timeoutMs) : await openTunnel(proxy, host, port, options);
    return isTls ? secure(socket, host, options) : socket;
  };
  // Node's own way to bring connections of one's own; its types know the form without a callback only.
  Object.assign(agent, {
    createConnection({ host, port }: { host: string; port: number }, done: (error: Error | null, socket?: Socket) => void): void {
      open(host, port).then((socket) => { done(null, socket); }, (error: unknown) => { done(error as Error); });
    },
  });
  return { agent };
}

/** Whose certificate a proxy has to show: its own, and not that of the host in the Host header, as Node would have it. '' for an address. */
function nameOf({ hostname }: URL): string {
  const host = hostname.replace(/^\[|\]$/g, '');
  return isIP(host) === 0 ? host : '';
}

function authorizationOf(proxy: URL): Record<string, string> {
  const user = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return proxy.username === '' ? {} : { 'proxy-authorization': `Basic ${Buffer.from(user).toString('base64')}` };
}

/** @see RFC 9110 section 9.3.6 */
async function openTunnel(proxy: URL, host: string, port: number, { proxyTls, timeoutMs }: ProxiedOptions): Promise<Socket> {
  const target = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const send = proxy.protocol === 'https:' ? httpsRequest : httpRequest;
  const request = send({
    ...(proxy.protocol === 'https:' && { ...proxyTls, servername: nameOf(proxy) }), host: proxy.hostname.replace(/^\[|\]$/g, ''), port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
    method: 'CONNECT', path: target, agent: false, headers: { host: target, ...authorizationOf(proxy) },
  });
  const timer = setTimeout(() => { request.destroy(timeoutError('ETIMEDOUT')); }, timeoutMs);
  request.end();
  try {
    // An answer to CONNECT is never a "response", whatever its status.
    const [answer, socket] = await once(request, 'connect') as [IncomingMessage, Socket];
    if (answer.statusCode === 200) return socket;
    socket.destroy();
    throw new Error(`the proxy answers ${answer.statusCode} ${answer.statusMessage ?? ''}`.trimEnd());
  } finally {
    clearTimeout(timer);
  }
}

async function secure(socket: Socket, host: string, { tls, timeoutMs }: ProxiedOptions): Promise<Socket> {
  const secured = connectTls({ ...tls, socket, host, ...(isIP(host) === 0 && { servername: host }), ALPNProtocols: ['http/1.1'] });
  const timer = setTimeout(() => { secured.destroy(timeoutError('ETIMEDOUT')); }, timeoutMs);
  try {
    await once(secured, 'secureConnect');
    return secured;
  } finally {
    clearTimeout(timer);
  }
}
