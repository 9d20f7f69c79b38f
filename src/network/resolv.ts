/**
 * The text of a container's /etc/resolv.conf.
 *
 * @see resolv.conf(5); podman-run(1) --dns, --dns-search, --dns-option
 */
import { SkiffError } from '../lib/errors.ts';
import { ipFamily } from './ip.ts';

export interface ResolvConf { nameservers: string[]; search: string[]; options: string[] }

export function parseResolvConf(text: string): ResolvConf {
  const result: ResolvConf = { nameservers: [], search: [], options: [] };
  for (const line of text.split('\n')) {
    const [word, ...rest] = line.replace(/[#;].*/, '').trim().split(/\s+/);
    if (word === 'nameserver' && rest[0] !== undefined) result.nameservers.push(rest[0]);
    else if (word === 'search' || word === 'domain') result.search = rest;
    else if (word === 'options') result.options.push(...rest);
  }
  return result;
}

/** systemd-resolved's stub listens on the host's loopback only; its own list of upstream servers is in another file. */
export function isOnlyStub(conf: ResolvConf): boolean {
  return conf.nameservers.length > 0 && conf.nameservers.every((address) => address === '127.0.0.53');
}

export const resolvedUpstream = '/run/systemd/resolve/resolv.conf';

export interface ResolvRequest {
  host: ResolvConf;
  /** --dns; replaces everything else. "none": an empty list. */
  dns: readonly string[];
  /** --dns-search; "." is the empty list. */
  search: readonly string[];
  options: readonly string[];
  /** Of the network driver. */
  extra: readonly string[];
  dropLoopback: boolean;
}

/** Texts of --dns: addresses, or "none" alone. @throws USAGE in Podman's words */
export function checkNameServers(dns: readonly string[]): void {
  if (dns.includes('none') && dns.length > 1) throw new SkiffError('USAGE', 'none is not allowed to be specified with other DNS ip addresses');
  const wrong = dns.find((address) => address !== 'none' && ipFamily(address) === 0);
  if (wrong !== undefined) throw new SkiffError('USAGE', `${wrong} is not an ip address`);
}

/** @throws USAGE for a name server that is no address */
export function buildResolvConf(request: ResolvRequest): string {
  checkNameServers(request.dns);
  const given = request.dns.filter((address) => address !== 'none');
  const inherited = request.host.nameservers.filter((address) => !request.dropLoopback || isReachable(address));
  const nameservers = request.dns.length > 0 ? given : [...new Set([...request.extra, ...inherited])];
  const search = request.search.length > 0 ? request.search.filter((domain) => domain !== '.') : request.host.search;
  const options = request.options.length > 0 ? request.options : request.host.options;
  const lines = [
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
    ...nameservers.map((address) => `nameserver ${address}`),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
  ];
  for (const line of lines) {
    if (/[\n\r\0]/.test(line)) throw new SkiffError('USAGE', `DNS setting ${JSON.stringify(line)}: must be one line`);
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

/** From a network namespace of its own: no loopback, and no link-local address that names an interface of the host. */
function isReachable(address: string): boolean {
  return ipFamily(address) !== 0 && !address.startsWith('127.') && address !== '::1' && !address.includes('%');
}
