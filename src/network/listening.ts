/**
 * Which ports of the host are taken, from the kernel's tables: a clear message beforehand, since pasta is content when it
 * could bind any port of a range on any address family. Who binds between this look and the helper's start makes the helper fail, or share.
 */
import { readFileSync } from 'node:fs';
import { SkiffError } from '../lib/errors.ts';
import type { PortBinding } from './index.ts';
import { conflicts, formatBinding, sameAddress } from './ports.ts';

/** A bound socket. */
export interface Listener { protocol: 'tcp' | 'udp'; address: string; port: number }

const TCP_LISTEN = '0A';

/** Reads /proc/net of this process's network namespace: the host's. A table that the kernel lacks (IPv6 off) is empty. */
export function readListeners(protocols: ReadonlySet<string>, read: (path: string) => string = readTable): Listener[] {
  const listeners: Listener[] = [];
  for (const protocol of ['tcp', 'udp'] as const) {
    if (!protocols.has(protocol)) continue;
    for (const table of [protocol, `${protocol}6`]) listeners.push(...parseTable(protocol, read(`/proc/net/${table}`)));
  }
  return listeners;
}

function readTable(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** @see proc_net_tcp(5): local_address is HEX:PORT, in 32-bit words of the machine's byte order (little-endian on all that we support but s390x) */
export function parseTable(protocol: 'tcp' | 'udp', text: string): Listener[] {
  return text.split('\n').slice(1).flatMap((line): Listener[] => {
    const [, local, , state] = line.trim().split(/\s+/);
    const [hex, port] = local?.split(':') ?? [];
    if (hex === undefined || port === undefined || (protocol === 'tcp' && state !== TCP_LISTEN)) return [];
    return [{ protocol, address: decodeAddress(hex), port: Number.parseInt(port, 16) }];
  });
}

function decodeAddress(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => [6, 4, 2, 0].map((at) => Number.parseInt(word.slice(at, at + 2), 16)));
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.every((byte) => byte === 0)) return '::';
  // ::ffff:a.b.c.d is the IPv4 address for our purpose
  if (bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff) return bytes.slice(12).join('.');
  const groups = Array.from({ length: 8 }, (_unused, at) => ((bytes[at * 2] ?? 0) * 256 + (bytes[at * 2 + 1] ?? 0)).toString(16));
  return compress(groups);
}

/** The longest run of zero groups becomes "::" (RFC 5952). */
function compress(groups: readonly string[]): string {
  let best = { start: -1, length: 1 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
  }
  if (best.start < 0) return groups.join(':');
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`;
}

/** @throws NETWORK_FAILED that names the first port which is taken */
export function checkFree(bindings: readonly PortBinding[], listeners: readonly Listener[]): void {
  for (const binding of bindings) {
    const taken = binding.hostPort === 0 ? undefined : listeners.find((listener) => isTaken(binding, listener));
    if (taken !== undefined) {
      const address = taken.address.includes(':') ? `[${taken.address}]` : taken.address;
      throw new SkiffError('NETWORK_FAILED', `port ${formatBinding(binding)}: ${address}:${taken.port}/${taken.protocol} is already in use on the host`, {
        data: { port: taken.port, protocol: taken.protocol },
        hint: `see who has it: ss -${taken.protocol === 'tcp' ? 't' : 'u'}lnp 'sport = :${taken.port}'; or publish another port`,
      });
    }
  }
}

/** Where random ports are taken from: the kernel's default ephemeral range, all unprivileged. */
const randomFirst = 32_768;
const randomCount = 28_232;

/**
 * Gives a host port to each binding that has none: free now, apart from each other and from the given ones. `random` is 0 to below 1.
 * @throws NETWORK_FAILED where there is no room
 */
export function assignHostPorts(bindings: readonly PortBinding[], listeners: readonly Listener[], random: () => number = Math.random): PortBinding[] {
  const assigned = bindings.filter((binding) => binding.hostPort !== 0);
  return bindings.map((binding) => {
    if (binding.hostPort !== 0) return binding;
    const start = Math.floor(random() * randomCount);
    for (let step = 0; step < randomCount; step++) {
      const hostPort = randomFirst + ((start + step) % randomCount);
      const candidate = { ...binding, hostPort };
      if (hostPort + binding.range > randomFirst + randomCount || assigned.some((other) => conflicts(other, candidate)) || !isFree(candidate, listeners)) continue;
      assigned.push(candidate);
      return candidate;
    }
    throw new SkiffError('NETWORK_FAILED', `port ${formatBinding(binding)}: no free host port`);
  });
}

function isFree(binding: PortBinding, listeners: readonly Listener[]): boolean {
  return !listeners.some((listener) => isTaken(binding, listener));
}

function isTaken(binding: PortBinding, { protocol, port, address }: Listener): boolean {
  return protocol === binding.protocol && port >= binding.hostPort && port < binding.hostPort + binding.range && sameAddress(address, binding.hostIP);
}

/** How long a port may stay taken by a helper that is on its way out: pasta's end takes 50 ms, more on a busy machine. */
const graceMs = 600;
const stepMs = 20;

/**
 * checkFree() for now: of a port that is taken, the end of its last user is waited for a moment, so that `restart` and
 * `rm -f a; run -p …` work. The kernel tells nobody when a port becomes free, hence the looking again. @throws NETWORK_FAILED
 */
export function awaitFree(bindings: readonly PortBinding[]): void {
  const protocols = new Set<string>(bindings.map(({ protocol }) => protocol));
  const cell = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; waited < graceMs; waited += stepMs) {
    const listeners = readListeners(protocols);
    if (bindings.every((binding) => binding.hostPort === 0 || isFree(binding, listeners))) return;
    Atomics.wait(cell, 0, 0, stepMs);
  }
  checkFree(bindings, readListeners(protocols));
}
