/**
 * Stopping: the stop signal, then, when the time is up, SIGKILL. Several containers are signalled together and waited for
 * together. When a stop returns, the monitor is done: the container can be started or removed at once.
 */
import type { ContainerID } from '../oci/ids.ts';
import { waitReadable } from '../host/descriptors.ts';
import { SkiffError } from '../lib/errors.ts';
import { takeExit, type MonitorConnection } from '../runtime/client.ts';
import { packet } from '../runtime/index.ts';
import type { Context } from './index.ts';
import { tryReadRecord } from './record.ts';
import { containerState } from './state.ts';
import { parseSignal } from './signals.ts';
import { reachMonitor, waitLifeEnd } from './wait.ts';

const SIGTERM = 15;
const SIGKILL = 9;

export interface Stopped {
  id: ContainerID;
  /** False: it did not run. */
  stopped: boolean;
  /** The stop signal was not enough. */
  killed: boolean;
}

interface Stopping { id: ContainerID; link: MonitorConnection; deadlineMs: number; killed: boolean }

/** `timeoutSeconds` undefined: each container's own. Those that do not run are passed over; paused ones are killed (mustNotBePaused() refuses them first). */
export function stopContainers(context: Context, ids: readonly ContainerID[], timeoutSeconds?: number): Stopped[] {
  const stopping: Stopping[] = [];
  const results = new Map<ContainerID, Stopped>(ids.map((id) => [id, { id, stopped: false, killed: false }]));
  for (const id of ids) {
    const begun = begin(context, id, timeoutSeconds);
    if (begun !== undefined) stopping.push(begun);
  }
  while (stopping.length > 0) {
    killOverdue(stopping);
    const next = Math.min(...stopping.map(({ deadlineMs, killed }) => (killed ? Number.POSITIVE_INFINITY : deadlineMs)));
    const timeout = next === Number.POSITIVE_INFINITY ? -1 : Math.max(0, Math.ceil(next - Date.now()));
    const ready = new Set(waitReadable(stopping.map(({ link }) => link.fd), timeout));
    for (const one of stopping.filter(({ link }) => ready.has(link.fd))) {
      if (takeExit(one.link) === undefined) continue; // the answer to a signal
      one.link.close();
      waitLifeEnd(context, one.id);
      results.set(one.id, { id: one.id, stopped: true, killed: one.killed });
      stopping.splice(stopping.indexOf(one), 1);
    }
  }
  return [...results.values()];
}

/** As Podman: stop and restart leave a paused container alone. @throws CONTAINER_STATE */
export function mustNotBePaused(context: Context, id: ContainerID): void {
  if (containerState(context, id).status !== 'paused') return;
  throw new SkiffError('CONTAINER_STATE', `can only stop created or running containers. ${id} is in state paused: container state improper`, { hint: `let it go on first: skiff unpause ${id.slice(0, 12)}` });
}

/** Undefined where it does not run. */
function begin(context: Context, id: ContainerID, timeoutSeconds: number | undefined): Stopping | undefined {
  const record = tryReadRecord(context, id);
  const link = record === undefined ? undefined : reachMonitor(context, id);
  if (record === undefined || link === undefined) return undefined;
  // One that stands still can't heed a signal but SIGKILL.
  const seconds = containerState(context, id).status === 'paused' ? 0 : (timeoutSeconds ?? record.Skiff.stopTimeoutSeconds);
  const signal = record.Config.StopSignal === undefined ? SIGTERM : parseSignal(record.Config.StopSignal);
  const killed = seconds === 0;
  signalFirst(link, killed ? SIGKILL : signal);
  return { id, link, deadlineMs: Date.now() + seconds * 1000, killed };
}

function killOverdue(stopping: readonly Stopping[]): void {
  const now = Date.now();
  for (const one of stopping) {
    if (one.killed || one.deadlineMs > now) continue;
    one.killed = true;
    signalFirst(one.link, SIGKILL);
  }
}

/** To the container's first process. One that has just ended needs none: the end is what we wait for. */
function signalFirst(link: MonitorConnection, signal: number): void {
  link.send(packet.kill, Uint8Array.of(signal));
}
