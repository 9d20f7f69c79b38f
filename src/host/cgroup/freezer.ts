/** The freezer of control group v2: whether a process's group is frozen. @see cgroup-v2.rst "cgroup.freeze", "cgroup.events" */
import { readFileSync, watch } from 'node:fs';
import { isErrno } from '../../lib/errors.ts';
import { join } from '../../lib/paths.ts';
import { session } from '../session.ts';
import { cgroupTree, ownCgroup } from './own.ts';

/** What crun puts below a scope, and freezes instead of the scope itself. @see crun(1) "run.oci.systemd.subgroup=SUBGROUP" */
const crunSubgroup = 'container';

/** Pure. The folder of the control group that was made for `name`, from /proc/PID/cgroup of a process in it or below; undefined where none was. */
export function groupNamed(text: string, name: string): string | undefined {
  const parts = (ownCgroup(text) ?? '').split('/');
  const at = parts.findIndex((part) => part === name || part === `${name}.scope`);
  if (at < 0 || parts.includes('..')) return undefined;
  const scoped = parts[at] !== name && parts[at + 1] === crunSubgroup;
  return join(cgroupTree, ...parts.slice(0, at + (scoped ? 2 : 1)));
}

/** The same of a living process; undefined also on a host whose control groups are not v2 alone, which have no such freezer. */
export function freezerOf(pid: number, name: string): string | undefined {
  if (session().cgroup !== 'v2') return undefined;
  const text = readIfThere(`/proc/${pid}/cgroup`);
  return text === undefined ? undefined : groupNamed(text, name);
}

/** All of its processes stand still. */
export function isFrozen(folder: string): boolean {
  return /^frozen 1$/m.test(readIfThere(join(folder, 'cgroup.events')) ?? '');
}

/** Resolves when the group is frozen, or is not any more; also when it goes away. */
export async function untilFrozen(folder: string, frozen: boolean): Promise<void> {
  const events = join(folder, 'cgroup.events');
  // The kernel tells of every change of this file, also by inotify. Watched first, looked at then: no change is missed.
  const watcher = watch(events);
  try {
    while (readIfThere(events) !== undefined && isFrozen(folder) !== frozen) await new Promise<void>((resolve) => watcher.once('change', () => resolve()));
  } finally {
    watcher.close();
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH', 'ENODEV')) return undefined;
    throw error;
  }
}
