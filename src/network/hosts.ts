/**
 * The text of a container's /etc/hosts.
 *
 * @see podman-run(1) --add-host, --no-hosts; containers.conf(5) base_hosts_file; hosts(5)
 */
import { SkiffError } from '../lib/errors.ts';
import { ipFamily } from './ip.ts';

export interface AddedHost { names: string[]; address: string }

const gatewayWord = 'host-gateway';

/** `name:IP`, `name=IP`, `one;two:IP`, `name:[::1]`, `name:host-gateway`. @throws USAGE in Podman's words */
export function parseAddHost(text: string): AddedHost {
  const at = text.search(/[:=]/);
  const names = text.slice(0, Math.max(at, 0)).split(';').filter((name) => name !== '');
  const address = text.slice(at + 1).replace(/^\[(.*)\]$/, '$1');
  if (at < 1 || names.length === 0) throw new SkiffError('USAGE', `bad format for add-host: ${JSON.stringify(text)}`, { hint: 'want NAME:IP or NAME:host-gateway' });
  if (names.some((name) => /[\s#]/.test(name))) throw new SkiffError('USAGE', `bad format for add-host: ${JSON.stringify(text)}: invalid host name`);
  if (address !== gatewayWord && ipFamily(address) === 0) throw new SkiffError('USAGE', `invalid IP address in add-host: ${JSON.stringify(address)}`);
  return { names, address };
}

export interface HostsRequest {
  /** The host's own file, copied; "" for none. */
  base: string;
  /** Texts of --add-host. */
  added: readonly string[];
  /** Address of the host as the container reaches it. */
  hostAddress?: string | undefined;
  /** The container's own addresses; without a network its name is the loopback's. Empty for the host's network. */
  own: readonly string[];
  ownNames: readonly string[];
}

/** First entry wins in every resolver: the user's come first, then the host's file without the names that were given. @throws USAGE */
export function buildHosts(request: HostsRequest): string {
  const lines: string[] = [];
  const taken = new Set<string>();
  for (const text of request.added) {
    const { names, address } = parseAddHost(text);
    if (address === gatewayWord && request.hostAddress === undefined) {
      throw new SkiffError('UNSUPPORTED', `host entry ${JSON.stringify(text)}: this network can't reach the host`, {
        hint: 'the installed pasta has no --map-guest-addr (2024): --network=slirp4netns reaches what listens on the host\'s own address, --network=pasta:--map-gw its loopback too',
      });
    }
    lines.push(entry(address === gatewayWord ? (request.hostAddress ?? '') : address, names));
    for (const name of names) taken.add(name);
  }
  for (const { address, names } of parseHosts(request.base)) {
    const kept = names.filter((name) => !taken.has(name));
    if (kept.length > 0) lines.push(entry(address, kept));
  }
  if (!lines.some((line) => /\slocalhost(?:\s|$)/.test(line))) lines.unshift(entry('127.0.0.1', ['localhost']), entry('::1', ['localhost']));
  const internal = ['host.containers.internal', 'host.docker.internal'].filter((name) => !taken.has(name));
  if (request.hostAddress !== undefined && internal.length > 0) lines.push(entry(request.hostAddress, internal));
  const names = [...new Set(request.ownNames)].filter((name) => name !== '' && !taken.has(name));
  if (names.length > 0) lines.push(...request.own.map((address) => entry(address, names)));
  return `${lines.join('\n')}\n`;
}

function entry(address: string, names: readonly string[]): string {
  return `${address}\t${names.join(' ')}`;
}

function parseHosts(text: string): { address: string; names: string[] }[] {
  return text.split('\n').flatMap((line) => {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    return address === undefined || ipFamily(address) === 0 || names.length === 0 ? [] : [{ address, names }];
  });
}
