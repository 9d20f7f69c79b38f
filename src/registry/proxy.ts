/**
 * Which proxy a request goes through, by the environment, with Go's rules: what works for Docker and Podman works here.
 *
 * @see golang.org/x/net/http/httpproxy (documentation of Config and FromEnvironment)
 */
import { BlockList, isIP } from 'node:net';
import { SkiffError } from '../lib/errors.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The proxy's URL; undefined: none. HTTPS_PROXY counts for https, HTTP_PROXY for http, each in capitals first; localhost and
 * loopback addresses are always direct.
 * @throws USAGE for a proxy that is no URL or of an unknown scheme
 */
export function proxyFor(url: URL, env: Env): URL | undefined {
  const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const text = fromEnv(env, name);
  if (text === '') return undefined;
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  if (isExempt(url.hostname.replace(/^\[|\]$/g, '').toLowerCase(), port, fromEnv(env, 'NO_PROXY'))) return undefined;
  return parseProxy(name, text);
}

function fromEnv(env: Env, name: string): string {
  return (env[name] || env[name.toLowerCase()] || '').trim();
}

/** The text may hold a password: it never gets into the error. */
function parseProxy(name: string, text: string): URL {
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(withScheme)) throw new SkiffError('USAGE', `${name} is not a URL`);
  const url = new URL(withScheme);
  if (!['http:', 'https:', 'socks5:', 'socks5h:'].includes(url.protocol) || url.hostname === '') {
    throw new SkiffError('USAGE', `${name}: unsupported proxy scheme ${JSON.stringify(url.protocol.slice(0, -1))}: want http, https or socks5`);
  }
  return url.protocol === 'socks5h:' ? new URL(withScheme.replace(/^socks5h/i, 'socks5')) : url;
}

/** NO_PROXY: names (with their subdomains), ".names" (subdomains only), addresses, networks, each with an optional port; "*" is all. */
function isExempt(host: string, port: number, noProxy: string): boolean {
  const family = isIP(host);
  if (host === 'localhost' || (family !== 0 && isLoopback(host, family))) return true;
  return noProxy.split(',').some((entry) => {
    const text = entry.trim().toLowerCase();
    return text !== '' && (text === '*' || matches(text, host, port, family));
  });
}

function matches(entry: string, host: string, port: number, family: number): boolean {
  const slash = entry.indexOf('/');
  if (slash > 0) return family !== 0 && inNetwork(host, family, entry.slice(0, slash), entry.slice(slash + 1));
  const { name, wantedPort } = splitPort(entry);
  if (wantedPort !== undefined && wantedPort !== port) return false;
  if (isIP(name) !== 0) return family !== 0 && sameAddress(name, host);
  if (family !== 0 || name === '') return false;
  const suffix = name.startsWith('*.') ? name.slice(1) : name;
  return suffix.startsWith('.') ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`);
}

function splitPort(entry: string): { name: string; wantedPort?: number } {
  const found = /^(\[[^\]]+\]|[^:]+):(\d+)$/.exec(entry);
  const name = (found?.[1] ?? entry).replace(/^\[|\]$/g, '');
  return found === null ? { name } : { name, wantedPort: Number(found[2]) };
}

function isLoopback(host: string, family: number): boolean {
  return inNetwork(host, family, '127.0.0.0', '8') || inNetwork(host, family, '::1', '128');
}

function inNetwork(host: string, family: number, network: string, bits: string): boolean {
  const of = isIP(network);
  if (of === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (of === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(bits), of === 4 ? 'ipv4' : 'ipv6');
  return list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

function sameAddress(one: string, other: string): boolean {
  const family = isIP(other);
  return inNetwork(other, family, one, isIP(one) === 4 ? '32' : '128');
}
