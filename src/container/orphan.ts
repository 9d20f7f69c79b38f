/**
 * What a monitor that was killed (SIGKILL, out of memory) leaves: a container that runs with nobody in charge of it. Its run
 * lock is free, so it counts as exited, and whoever looks at it first ends its processes to make that true (state.ts); what else is
 * left, with the runtime and of the network, goes here, before it is started again or removed.
 */
import { rmSync } from 'node:fs';
import { SkiffError, wrap } from '../lib/errors.ts';
import { log } from '../lib/log.ts';
import { join } from '../lib/paths.ts';
import type { ContainerID } from '../oci/ids.ts';
import { namesIfThere } from '../host/if-there.ts';
import { isHeld } from '../host/locks.ts';
import { endProcess, type ProcessIdentity } from '../host/process-identity.ts';
import { runSync } from '../host/run.ts';
import { stateDirPrefix, type OCIRuntime } from '../runtime/choose.ts';
import { readRuntimeState, runtimeKnows } from '../runtime/state-files.ts';
import type { Context } from './index.ts';
import { endNetwork } from './launch/network.ts';
import type { ContainerRecord } from './model.ts';
import { lockPath, readLiveState } from './state.ts';

/** For one whose processes must be gone before anything else happens. */
const patienceMs = 10_000;

/**
 * Ends the container's first process (its pid namespace goes with it) and makes the runtime forget it. The caller holds the
 * run lock. Does nothing, cheaply, where nothing is left. Never signals a process that it can't prove to be the one.
 */
export function endOrphan(context: Context, record: ContainerRecord, runtime: OCIRuntime): void {
  if (!runtimeKnows(runtime.stateDir, record.ID)) return;
  endNetwork(context, record);
  endProcesses(context, record.ID, runtime);
}

/** What OCI runtimes have not been told is over, with the runtime's name. */
export function knownToRuntimes(context: Context): { name: string; id: ContainerID }[] {
  return namesIfThere(context.runtimeDir).filter((name) => name.startsWith(stateDirPrefix)).flatMap((name) => namesIfThere(join(context.runtimeDir, name))
    .filter((id) => /^[0-9a-f]{64}$/.test(id))
    .map((id) => ({ name: name.slice(stateDirPrefix.length), id: id as ContainerID })));
}

/** Containers that are nobody's and that a runtime still knows: their processes may run. Costs by the number of those that run. */
export function orphans(context: Context): ReadonlySet<ContainerID> {
  const isFree = (id: ContainerID): boolean => !isHeld(lockPath(context, id));
  // Still known with the lock free before and after: it has neither just ended nor just begun.
  return new Set(knownToRuntimes(context).filter(({ name, id }) => isFree(id) && runtimeKnows(join(context.runtimeDir, `${stateDirPrefix}${name}`), id) && isFree(id)).map(({ id }) => id));
}

/** As endOrphan(), for a container without a record: a create that was killed. */
export function endProcesses(context: Context, id: ContainerID, runtime: OCIRuntime): void {
  if (!runtimeKnows(runtime.stateDir, id)) return;
  const orphan = orphanOf(context, id, runtime);
  if (orphan !== undefined) {
    log.debug(`container ${id}: its monitor is gone, ending process ${orphan.pid}`);
    if (endProcess(orphan, patienceMs) === 'stuck') {
      throw new SkiffError('CONTAINER_STATE', `container ${id.slice(0, 12)}: process ${orphan.pid} of its last run was killed and does not end: it waits in the kernel, or is frozen`);
    }
  }
  const done = runSync([runtime.path, ...runtime.globalArgs, 'delete', '--force', id]);
  if (done.exitCode !== 0) log.debug(`container ${id}: ${runtime.name} delete: ${done.stderr.toString().trim()}`);
  try {
    rmSync(join(runtime.stateDir, id), { recursive: true, force: true });
  } catch (error) {
    throw wrap(error, `forget the last run of container "${id}"`);
  }
}

function orphanOf(context: Context, id: ContainerID, runtime: OCIRuntime): ProcessIdentity | undefined {
  const known = readRuntimeState(runtime.stateDir, id);
  if (known !== undefined) return known;
  const live = readLiveState(context, id);
  return live?.startTime === undefined ? undefined : { pid: live.pid, startTime: live.startTime };
}
