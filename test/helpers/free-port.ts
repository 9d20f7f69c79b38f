/** Ports of the host that nobody has, and that nobody is given by chance. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

const given = new Set<number>();

/**
 * The first of `count` ports in a row that are free now. They stand below those that the kernel gives to connections and to who asks for
 * any port, so that no stranger gets them between this look and their use; and none is given twice.
 */
export async function freePort(count = 1): Promise<number> {
  const above = Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/)[0]);
  const lowest = 10_000;
  if (above - lowest < 1000) throw new Error(`the kernel gives ports from ${above} on: too few are left below`);
  for (let attempt = 0; attempt < 1000; attempt++) {
    const first = lowest + Math.floor(Math.random() * (above - lowest - count));
    const ports = Array.from({ length: count }, (_, at) => first + at);
    if (ports.some((port) => given.has(port)) || !(await Promise.all(ports.map(isFree))).every(Boolean)) continue;
    for (const port of ports) given.add(port);
    return first;
  }
  throw new Error(`no ${count} free ports in a row`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => { resolve(false); });
    server.listen(port, '0.0.0.0', () => { server.close(() => { resolve(true); }); });
  });
}
