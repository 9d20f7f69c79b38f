/** The published ports of a container, one by one. Pure. */
import type { ContainerRecord } from './model.ts';

/** inside "80/tcp", outside "0.0.0.0:8080". */
export function portMappings(record: ContainerRecord): { inside: string; outside: string }[] {
  return record.Skiff.ports.flatMap((port) => Array.from({ length: port.range }, (_, at) => ({
    inside: `${port.containerPort + at}/${port.protocol}`,
    outside: `${port.hostIP === '' ? '0.0.0.0' : port.hostIP.includes(':') ? `[${port.hostIP}]` : port.hostIP}:${port.hostPort + at}`,
  })));
}
