/**
 * Published ports: `[[ip:][hostPort]:]containerPort[/protocol]`, ranges included.
 *
 * @see podman-run(1) --publish; docker run --publish
 */
import { SkiffError } from '../lib/errors.ts';
import type { PortBinding } from './index.ts';
import { ipFamily } from './ip.ts';

/** @throws USAGE */
export function parsePublish(text: string): PortBinding[] {
  const slash = text.lastIndexOf('/');
  const place = slash < 0 ? text : text.slice(0, slash);
  const protocols = slash < 0 ? ['tcp'] : text.slice(slash + 1).toLowerCase().split(',');
  const { hostIP, host, container } = splitPlace(text, place);
  const inside = parseRange(text, container);
  if (inside === undefined || inside.first === 0) throw invalid(text, 'no container port');
  const outside = host === '' ? { first: 0, count: inside.count } : parseRange(text, host);
  if (outside === undefined) throw invalid(text, 'no host port');
  const { first } = outside;
  if (first !== 0 && outside.count !== inside.count && outside.count !== 1) throw invalid(text, 'the host and container ranges differ in length');
  // "8080:80-82" starts at the host port; "0:80" is a random one
  if (first !== 0 && first + inside.count - 1 > 65535) throw invalid(text, 'the host range ends above 65535');
  return [...new Set(protocols)].map((protocol) => {
    if (protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'sctp') throw invalid(text, `unknown protocol ${JSON.stringify(protocol)}`);
    return { containerPort: inside.first, hostPort: first, hostIP, protocol, range: inside.count };
  });
}

/** `PORT[-PORT][/PROTOCOL]` of --expose, as it is. @throws USAGE */
export function parseExpose(text: string): string {
  const [, ports = '', protocol = 'tcp'] = /^([^/]*)(?:\/(.*))?$/s.exec(text) ?? [];
  const wrong = (cause: string): SkiffError => new SkiffError('USAGE', `invalid range format for --expose: ${text}: ${cause}`);
  if (!['tcp', 'udp', 'sctp'].includes(protocol)) throw wrong(`unknown protocol ${JSON.stringify(protocol)}`);
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(ports);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (match === null || first < 1 || last > 65535) throw wrong('ports are numbers from 1 to 65535');
  if (last < first) throw wrong('the range runs backwards');
  return text;
}

function splitPlace(text: string, place: string): { hostIP: string; host: string; container: string } {
  if (place.startsWith('[')) {
    const end = place.indexOf(']');
    const parts = place.slice(end + 1).split(':');
    if (end < 0 || parts.length !== 3 || parts[0] !== '') throw invalid(text, 'must be of the form [IPv6]:hostPort:containerPort');
    return { hostIP: checkIP(text, place.slice(1, end)), host: parts[1] ?? '', container: parts[2] ?? '' };
  }
  const parts = place.split(':');
  if (parts.length === 1) return { hostIP: '', host: '', container: parts[0] ?? '' };
  if (parts.length === 2) return { hostIP: '', host: parts[0] ?? '', container: parts[1] ?? '' };
  if (parts.length === 3) return { hostIP: checkIP(text, parts[0] ?? ''), host: parts[1] ?? '', container: parts[2] ?? '' };
  throw invalid(text, 'too many colons; an IPv6 address belongs in square brackets');
}

function checkIP(text: string, address: string): string {
  if (address === '') return '';
  if (ipFamily(address) === 0) throw invalid(text, `${JSON.stringify(address)} is no IP address`);
  return address;
}

function parseRange(text: string, words: string): { first: number; count: number } | undefined {
  if (words === '') return undefined;
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(words);
  if (match === null) throw invalid(text, `${JSON.stringify(words)} is no port`);
  const first = Number(match[1]);
  const last = match[2] === undefined ? first : Number(match[2]);
  if (last > 65535) throw invalid(text, `port ${last} is above 65535`);
  if (last < first) throw invalid(text, `the range ${JSON.stringify(words)} runs backwards`);
  if (first === 0 && last !== 0) throw invalid(text, 'ports start at 1');
  return { first, count: last - first + 1 };
}

function invalid(text: string, why: string): SkiffError {
  return new SkiffError('USAGE', `port ${JSON.stringify(text)}: ${why}`);
}

/** `0.0.0.0:8080->80/tcp` as ps and port show one; ranges with a dash. */
export function formatBinding(binding: PortBinding): string {
  const last = binding.range - 1;
  const span = (first: number): string => (last > 0 ? `${first}-${first + last}` : String(first));
  const address = binding.hostIP === '' ? '0.0.0.0' : binding.hostIP.includes(':') ? `[${binding.hostIP}]` : binding.hostIP;
  return `${address}:${span(binding.hostPort)}->${span(binding.containerPort)}/${binding.protocol}`;
}

/** True where both want the same port of the host. */
export function conflicts(a: PortBinding, b: PortBinding): boolean {
  if (a.protocol !== b.protocol || a.hostPort === 0 || b.hostPort === 0) return false;
  if (a.hostPort + a.range <= b.hostPort || b.hostPort + b.range <= a.hostPort) return false;
  return sameAddress(a.hostIP, b.hostIP);
}

/** Whether sockets on these two addresses get in each other's way; '' and :: take both families. */
export function sameAddress(a: string, b: string): boolean {
  if (a === b || a === '' || b === '' || a === '::' || b === '::') return true;
  if (ipFamily(a) !== ipFamily(b)) return false;
  return a === '0.0.0.0' || b === '0.0.0.0';
}

/** Refuses two publications of one host port, and ports that this user may not bind. @throws USAGE, NETWORK_FAILED */
export function checkBindings(bindings: readonly PortBinding[], unprivilegedStart: number): void {
  for (const [index, binding] of bindings.entries()) {
    const other = bindings.slice(0, index).find((earlier) => conflicts(earlier, binding));
    if (other !== undefined) throw new SkiffError('USAGE', `port ${formatBinding(binding)}: published twice, also as ${formatBinding(other)}`);
    if (binding.hostPort !== 0 && binding.hostPort < unprivilegedStart) {
      throw new SkiffError('NETWORK_FAILED', `port ${formatBinding(binding)}: binding port ${binding.hostPort} needs root, ports from ${unprivilegedStart} on are free to use`, {
        hint: `sudo sysctl net.ipv4.ip_unprivileged_port_start=${binding.hostPort}`,
      });
    }
  }
}
