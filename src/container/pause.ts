/** Making all processes of a container stand still, and letting them go on: by the freezer of its control group. */
import { freezerOf, isFrozen, untilFrozen } from '../host/cgroup/freezer.ts';
import { runSync } from '../host/run.ts';
import { session } from '../host/session.ts';
import { SkiffError } from '../lib/errors.ts';
import type { ContainerID } from '../oci/ids.ts';
import { statusWord } from './filters.ts';
import type { Context } from './index.ts';
import { lockChange } from './life.ts';
import { cgroupName } from './names.ts';
import { readRecord } from './record.ts';
import { runtimeOf } from './runtime-of.ts';
import { containerState } from './state.ts';

/** Returns when they stand. @throws CONTAINER_STATE where it does not run, CGROUP_UNAVAILABLE where this host has no freezer for it */
export async function pauseContainer(context: Context, id: ContainerID): Promise<void> {
  const state = containerState(context, id);
  if (state.status !== 'running') throw wrongState(id, statusWord(state), 'is not running, can\'t pause');
  await change(context, id, state.pid, 'pause');
}

/** Returns when they run. @throws CONTAINER_STATE where it is not paused */
export async function unpauseContainer(context: Context, id: ContainerID): Promise<void> {
  const state = containerState(context, id);
  if (state.status !== 'paused') throw wrongState(id, statusWord(state), 'is not paused, can\'t unpause');
  await change(context, id, state.pid, 'resume');
}

async function change(context: Context, id: ContainerID, pid: number, verb: 'pause' | 'resume'): Promise<void> {
  const folder = freezerOf(pid, cgroupName(id));
  if (folder === undefined) throw noFreezer(id);
  const lock = lockChange(context, id);
  try {
    if (isFrozen(folder) === (verb === 'pause')) return;
    const runtime = runtimeOf(context, readRecord(context, id));
    const done = runSync([runtime.path, ...runtime.globalArgs, verb, id]);
    if (done.exitCode !== 0) throw new SkiffError('RUNTIME_FAILED', `${verb} container "${id}": OCI runtime: ${done.stderr.toString().trim()}`);
    await untilFrozen(folder, verb === 'pause');
  } finally {
    lock.release();
  }
}

function noFreezer(id: ContainerID): SkiffError {
  const why = session().cgroup === 'v2' ? 'it has no control group of its own' : 'this host does not have cgroup v2 alone, whose freezer is the only one a user may use';
  const hint = session().cgroup === 'v2' ? 'skiff doctor tells whether control groups are delegated' : 'boot with the kernel parameter systemd.unified_cgroup_hierarchy=1';
  return new SkiffError('CGROUP_UNAVAILABLE', `container "${id}" can't be paused: ${why}`, { hint });
}

function wrongState(id: ContainerID, state: string, what: string): SkiffError {
  return new SkiffError('CONTAINER_STATE', `"${id}" ${what}: it is in state ${state}: container state improper`);
}
