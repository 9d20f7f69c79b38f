/**
 * The host's interface with the default route, whose addresses pasta gives to the container as well.
 */
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { NetworkAddress } from './index.ts';

/** Addresses of the interface of the default route; [] where there is none. */
export function defaultInterfaceAddresses(): NetworkAddress[] {
  const v4 = parseRoute(readTable('/proc/net/route'));
  const v6 = parseRoute6(readTable('/proc/net/ipv6_route'));
  const all = networkInterfaces();
  const result: NetworkAddress[] = [];
  const add = (route: DefaultRoute | undefined, family: 4 | 6): void => {
    if (route === undefined) return;
    for (const info of all[route.interface] ?? []) {
      const isWanted = info.family === `IPv${family}` && !info.internal && !info.address.startsWith('fe80:');
      if (isWanted) result.push({ family, address: info.address, prefix: Number(info.cidr?.split('/')[1] ?? 0), gateway: route.gateway, mac: info.mac, interface: route.interface });
    }
  };
  add(v4, 4);
  add(v6, 6);
  return result;
}

/** The host's own address, as its network knows it. Not its loopback: what listens there alone stays out of reach. */
export function mainHostAddress(): string | undefined {
  return defaultInterfaceAddresses()[0]?.address ?? otherHostAddress();
}

/** An address of the host that is not on that interface, by which a container with pasta's copied address can reach it. */
export function otherHostAddress(): string | undefined {
  const used = parseRoute(readTable('/proc/net/route'))?.interface;
  for (const [name, infos] of Object.entries(networkInterfaces())) {
    const found = infos?.find((info) => info.family === 'IPv4' && !info.internal);
    if (name !== used && found !== undefined) return found.address;
  }
  return undefined;
}

interface DefaultRoute { interface: string; gateway: string }

/** /proc/net/route: Iface Destination Gateway Flags RefCnt Use Metric Mask ..., hex in little-endian. */
export function parseRoute(text: string): DefaultRoute | undefined {
  let best: (DefaultRoute & { metric: number }) | undefined;
  for (const line of text.split('\n').slice(1)) {
    const [name, destination, gateway, , , , metric, mask] = line.trim().split(/\s+/);
    if (name === undefined || gateway === undefined || destination !== '00000000' || mask !== '00000000') continue;
    const route = { interface: name, gateway: littleEndian(gateway), metric: Number(metric) };
    if (best === undefined || route.metric < best.metric) best = route;
  }
  return best === undefined ? undefined : { interface: best.interface, gateway: best.gateway };
}

/** /proc/net/ipv6_route: destination prefix source prefix next-hop metric ... flags interface. */
export function parseRoute6(text: string): DefaultRoute | undefined {
  for (const line of text.split('\n')) {
    const fields = line.trim().split(/\s+/);
    const [destination, prefix, , , gateway] = fields;
    const name = fields[9];
    if (destination === '0'.repeat(32) && prefix === '00' && name !== undefined && name !== 'lo' && gateway !== undefined) {
      return { interface: name, gateway: (gateway.match(/.{4}/g) ?? []).map((group) => Number.parseInt(group, 16).toString(16)).join(':') };
    }
  }
  return undefined;
}

function littleEndian(hex: string): string {
  return [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.');
}

function readTable(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
