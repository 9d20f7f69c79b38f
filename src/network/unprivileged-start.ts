/** The first port that a process without CAP_NET_BIND_SERVICE in the host's namespace may bind. */
import { readFileSync } from 'node:fs';
import { isErrno } from '../lib/errors.ts';

const kernelDefault = 1024;

export function readUnprivilegedStart(path = '/proc/sys/net/ipv4/ip_unprivileged_port_start'): number {
  try {
    return Number(readFileSync(path, 'utf8').trim());
  } catch (error) {
    // before Linux 4.11
    if (isErrno(error, 'ENOENT')) return kernelDefault;
    throw error;
  }
}
