/** Where the v2 tree is, and a process's place in it. */
import { readFileSync } from 'node:fs';
import { isErrno } from '../../lib/errors.ts';

export const cgroupTree = '/sys/fs/cgroup';

/** Pure. The line "0::/path" of /proc/<pid>/cgroup, see cgroups(7); undefined where there is none. */
export function ownCgroup(text: string): string | undefined {
  return /^0::(\/.*)$/m.exec(text)?.[1];
}

/** The place of a process; undefined where it has none, or has ended. */
export function cgroupOf(pid: number | 'self'): string | undefined {
  try {
    return ownCgroup(readFileSync(`/proc/${pid}/cgroup`, 'utf8'));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}
