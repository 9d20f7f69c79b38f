/**
 * What a monitor that was killed (SIGKILL, out of memory) leaves: a container that runs with nobody in charge of it. Its run
 * lock is free, so it counts as exited; before it is started again or removed, what is left of it is ended here.
 */
import { closeSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno, wrap } from '../lib/errors.ts';
import { log } from '../lib/log.ts';
import type { ContainerID } from '../oci/ids.ts';
import { namesIfThere } from '../host/if-there.ts';
import { isHeld } from '../host/locks.ts';
import { runSync } from '../host/run.ts';
import { waitReadable } from '../host/descriptors.ts';
import { openProcess, signalProcess } from '../host/process.ts';
import { stateDirPrefix, type OCIRuntime } from '../runtime/choose.ts';
import { readRuntimeState, runtimeKnows } from '../runtime/state-files.ts';
import type { Context } from './index.ts';
import { endNetwork } from './launch/network.ts';
import type { ContainerRecord } from './model.ts';
import { lockPath, readLiveState } from './state.ts';

const SIGKILL = 9;

interface Process { pid: number; /** Field 22 of /proc/<pid>/stat: with it a pid can't be taken for another's. */ startTime: string }

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
    kill(orphan);
  }
  const done = runSync([runtime.path, ...runtime.globalArgs, 'delete', '--force', id]);
  if (done.exitCode !== 0) log.debug(`container ${id}: ${runtime.name} delete: ${done.stderr.toString().trim()}`);
  try {
    rmSync(join(runtime.stateDir, id), { recursive: true, force: true });
  } catch (error) {
    throw wrap(error, `forget the last run of container "${id}"`);
  }
}

function orphanOf(context: Context, id: ContainerID, runtime: OCIRuntime): Process | undefined {
  const known = readRuntimeState(runtime.stateDir, id);
  if (known !== undefined) return known;
  const live = readLiveState(context, id);
  return live?.startTime === undefined ? undefined : { pid: live.pid, startTime: live.startTime };
}

function kill(process_: Process): void {
  let pidfd: number;
  try {
    pidfd = openProcess(process_.pid);
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return;
    throw wrap(error, `end process ${process_.pid}`);
  }
  try {
    // The descriptor holds whatever has the pid now; only after this look is it sure to be ours.
    if (startTimeOf(process_.pid) !== process_.startTime) return;
    signalAs(ownerOf(process_.pid), pidfd);
    waitReadable([pidfd]);
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw wrap(error, `end process ${process_.pid}`);
  } finally {
    closeSync(pidfd);
  }
}

/**
 * The orphan lives in the user namespace of a former life, where we have no capability; but its ids are the ones that are
 * mapped for us too, and a process may signal those of its own uid.
 */
function signalAs(uid: number, pidfd: number): void {
  const own = process.geteuid?.() ?? 0;
  if (own === 0 && uid !== 0) process.seteuid?.(uid);
  try {
    signalProcess(pidfd, SIGKILL);
  } finally {
    if (own === 0 && uid !== 0) process.seteuid?.(own);
  }
}

/** Real uid as our user namespace shows it. */
function ownerOf(pid: number): number {
  const match = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(match?.[1] ?? 0);
}

/** Clock ticks since boot at which a process started; undefined where there is none (zombies count as none). */
export function startTimeOf(pid: number): string | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
  // The name in parentheses may hold anything, blanks and parentheses too: fields are counted from the last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}
