/**
 * What a container does right now, derived and never stored: "running" is "the run lock is held", "exited" is "there is an
 * exit record". The marker file `started` (written before each start) tells a container that was cut down without an exit
 * record (power cut, monitor killed) from one that never ran.
 *
 * A container without its monitor has ended, as one without its shim has with containerd: nobody reads its output, keeps its exit code or
 * takes its mounts away. Its processes may not know that yet. Whoever looks first ends them, so that "exited" is the truth and nothing
 * is left running that no command shows.
 */
import { readFileSync, statSync } from 'node:fs';
import type { ContainerID } from '../oci/ids.ts';
import { freezerOf, isFrozen } from '../host/cgroup/freezer.ts';
import { isThere, textIfThere } from '../host/if-there.ts';
import { isHeld } from '../host/locks.ts';
import { endProcess } from '../host/process-identity.ts';
import { log } from '../lib/log.ts';
import { join } from '../lib/paths.ts';
import { readExitRecord } from '../runtime/exit-record.ts';
import type { Context } from './index.ts';
import type { ContainerState } from './model.ts';
import { cgroupName, containerFiles, jsonLogName, runDir, runFiles } from './names.ts';

/** Who only looks does not wait long for a process that can't end. */
const lookPatienceMs = 500;
/** A clock that was set since is no other boot. */
const clockSlackMs = 60_000;

/** Exit code shown for a container whose end nobody saw, as Docker's for containers that died while its daemon was down. */
export const unknownExitCode = 255;

/** What the monitor writes into state.json. */
export interface LiveState { pid: number; startedAt: string; /** Field 22 of /proc/<pid>/stat, where the monitor gave it. */ startTime?: string | undefined }

/** Takes no lock, and changes nothing but that it ends what a killed monitor left. A container that is being removed may show as it was. */
export function containerState(context: Context, id: ContainerID): ContainerState {
  // A start or an end between two looks would give a picture of neither: look again then. Each round needs a
  // transition in between, so three rounds are more than a real machine makes.
  for (let round = 0; ; round++) {
    const held = isHeld(lockPath(context, id));
    const live = held ? readLiveState(context, id) : undefined;
    if (live !== undefined) return { status: isPaused(live.pid, id) ? 'paused' : 'running', pid: live.pid, startedAt: live.startedAt };
    const ended = endedState(context, id);
    const heldNow = isHeld(lockPath(context, id));
    if (held !== heldNow && round < 3) continue;
    if (!heldNow) {
      if (ended.status === 'exited' && ended.exitCode === unknownExitCode) endUnwatched(context, id);
      return ended;
    }
    return ended.status === 'created' ? ended : { status: 'starting' };
  }
}

/**
 * The state of a container that had no runtime folder a moment ago and so did not run then: half as many looks, for listings.
 * Where it was started since, this is what it was before.
 */
export function stateAtRest(context: Context, id: ContainerID): ContainerState {
  const ended = endedState(context, id);
  // A start without an end: cut off long ago, or just begun.
  return ended.status === 'exited' && ended.exitCode === unknownExitCode ? containerState(context, id) : ended;
}

/**
 * Safe without the run lock: that was free after state.json had been read, so what that tells of is a life whose monitor is gone, and
 * the start time tells its first process from any other. A failure is no failure of who asks.
 */
function endUnwatched(context: Context, id: ContainerID): void {
  const live = readLiveState(context, id);
  const lock = lockPath(context, id);
  // A lock that is not there tells of nobody: its monitor may hold it under no name. And what another boot left names others' processes.
  if (live?.startTime === undefined || !isThere(lock) || isHeld(lock) || isOfAnotherBoot(live)) return;
  try {
    const ending = endProcess({ pid: live.pid, startTime: live.startTime }, lookPatienceMs);
    if (ending === 'ended') log.warn(`container ${id.slice(0, 12)}: its monitor was killed, so its processes were ended now`);
    if (ending === 'stuck') log.warn(`container ${id.slice(0, 12)}: its monitor was killed, and process ${live.pid} was killed now and does not end: it waits in the kernel, or is frozen`);
  } catch (error) {
    log.warn(`container ${id.slice(0, 12)}: its monitor was killed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function isOfAnotherBoot({ startedAt }: LiveState): boolean {
  const bootedAt = Date.now() - Number.parseFloat(readFileSync('/proc/uptime', 'latin1')) * 1000;
  return Date.parse(startedAt) < bootedAt - clockSlackMs;
}

/** Derived as well: its control group is frozen. */
function isPaused(pid: number, id: ContainerID): boolean {
  const freezer = freezerOf(pid, cgroupName(id));
  return freezer !== undefined && isFrozen(freezer);
}

export function isRunning(context: Context, id: ContainerID): boolean {
  return isHeld(lockPath(context, id)) && readLiveState(context, id) !== undefined;
}

/** The lock whose holder is the container's life. */
export function lockPath(context: Context, id: ContainerID): string {
  return join(runDir(context.runtimeDir, id), runFiles.lock);
}

/** state.json as it is; true only while the run lock is held, else it tells what the last monitor left behind. */
export function readLiveState(context: Context, id: ContainerID): LiveState | undefined {
  const text = textIfThere(join(runDir(context.runtimeDir, id), runFiles.state), `read the state of container "${id}"`);
  if (text === undefined) return undefined;
  let value: { pid?: unknown; startedAt?: unknown; startTime?: unknown };
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    return undefined; // torn by a crash of the machine; a live monitor writes it by rename
  }
  if (typeof value.pid !== 'number' || value.pid <= 0) return undefined;
  return {
    pid: value.pid, startedAt: typeof value.startedAt === 'string' ? value.startedAt : '',
    startTime: value.startTime === undefined ? undefined : String(value.startTime as string | number),
  };
}

/** Path of the marker of a start. */
export function startedMarker(context: Context, id: ContainerID): string {
  return `${context.store.layout.container(id)}/${containerFiles.started}`;
}

/** What is known of the last run, whoever holds the lock now. */
export function endedState(context: Context, id: ContainerID): ContainerState {
  if (!isThere(startedMarker(context, id))) return { status: 'created' };
  const dir = context.store.layout.container(id);
  const exit = readExitRecord(join(dir, containerFiles.exit)) ?? readExitRecord(join(runDir(context.runtimeDir, id), runFiles.exit));
  if (exit !== undefined) return { status: 'exited', ...exit };
  const startedAt = readMarker(startedMarker(context, id));
  if (startedAt === undefined) return { status: 'created' };
  return { status: 'exited', exitCode: unknownExitCode, startedAt, finishedAt: lastSign(dir, id) ?? startedAt, oomKilled: false, droppedLogBytes: 0 };
}

function readMarker(path: string): string | undefined {
  const text = textIfThere(path, 'read the state of a container');
  return text === '' ? statSync(path, { throwIfNoEntry: false })?.mtime.toISOString() : text;
}

/** The last time that something was heard of the container: when its log grew. */
function lastSign(dir: string, id: ContainerID): string | undefined {
  for (const name of [jsonLogName(id), containerFiles.k8sLog]) {
    const stat = statSync(join(dir, name), { throwIfNoEntry: false });
    if (stat !== undefined) return stat.mtime.toISOString();
  }
  return undefined;
}
