/**
 * `--cgroups=split`: the cgroup of the unit or scope that skiff runs in gets two below it, one for the container and one for what serves it.
 * So a unit's limits hold for all of it, and its stop ends all of it. A cgroup with processes of its own can't hand controllers down, hence
 * those that are in it move. As Podman has it, with its names.
 * @see podman-run(1) --cgroups; cgroup-v2.rst "No Internal Process Constraint"
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { isErrno, SkiffError, wrap } from '../../lib/errors.ts';
import { join } from '../../lib/paths.ts';
import { makeFolders } from '../make-folders.ts';
import { cgroupTree } from './own.ts';

const supervisor = 'supervisor';
/** Processes that fork while they are moved leave their children behind: looked for again. */
const rounds = 100;

/** Pure. The cgroup that was split, for who is in the half that serves. */
export function withoutSupervisor(own: string): string {
  return own.endsWith(`/${supervisor}`) ? own.slice(0, -supervisor.length - 1) || '/' : own;
}

/** Moves the processes of `parent`, this one with them, into its "supervisor". Idempotent. @throws CGROUP_UNAVAILABLE */
export function moveToSupervisor(parent: string): void {
  const folder = join(cgroupTree, parent);
  const half = join(folder, supervisor);
  try {
    makeFolders(half);
    for (let round = 0; round < rounds; round++) {
      const pids = readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').filter((line) => line !== '');
      if (pids.length === 0) return;
      for (const pid of pids) move(pid, half);
    }
  } catch (error) {
    throw new SkiffError('CGROUP_UNAVAILABLE', wrap(error, `--cgroups=split: cgroup ${JSON.stringify(parent)}`).message, { cause: error, hint: 'it is for units and scopes of the user\'s manager: systemd-run --user --scope -p Delegate=yes skiff …' });
  }
}

function move(pid: string, folder: string): void {
  try {
    writeFileSync(join(folder, 'cgroup.procs'), pid);
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error; // it has ended
  }
}
