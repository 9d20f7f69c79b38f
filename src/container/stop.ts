/**
 * Stopping: the stop signal, then, when the time is up, SIGKILL. Several containers are signalled together and waited for
 * together. When a stop returns, the monitor is done: the container can be started or removed at once.
 */
import type { ContainerID } from '../oci/ids.ts';
import { waitReadable } from '../host/descriptors.ts';
import { isCode, SkiffError } from '../lib/errors.ts';
import { answerMs, exitIn, type MonitorConnection } from '../runtime/client.ts';
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
  /** Its monitor does not answer: nothing was done (silent-monitor.ts has the words for it). */
  silent: boolean;
}

interface Stopping { id: ContainerID; link: MonitorConnection; deadlineMs: number; killed: boolean; /** By when the last signal is to be answered. */ answerByMs: number }

/** `timeoutSeconds` undefined: each container's own. Those that do not run are passed over; paused ones are killed (mustNotBePaused() refuses them first). */
export function stopContainers(context: Context, ids: readonly ContainerID[], timeoutSeconds?: number): Stopped[] {
  const stopping: Stopping[] = [];
  const results = new Map<ContainerID, Stopped>(ids.map((id) => [id, { id, stopped: false, killed: false, silent: false }]));
  const settle = (one: Stopping, result: Omit<Stopped, 'id'>): void => {
    one.link.close();
    results.set(one.id, { id: one.id, ...result });
    stopping.splice(stopping.indexOf(one), 1);
  };
  for (const id of ids) {
    const begun = begin(context, id, timeoutSeconds);
    if (begun === 'silent') results.set(id, { id, stopped: false, killed: false, silent: true });
    else if (begun !== undefined) stopping.push(begun);
  }
  while (stopping.length > 0) {
    const now = Date.now();
    for (const one of stopping.filter(({ answerByMs }) => answerByMs <= now)) settle(one, { stopped: false, killed: false, silent: true });
    if (stopping.length === 0) break; // nobody is left to be waited for
    killOverdue(stopping, now);
    const next = Math.min(...stopping.map(({ deadlineMs, answerByMs, killed }) => Math.min(answerByMs, killed ? Number.POSITIVE_INFINITY : deadlineMs)));
    const timeout = next === Number.POSITIVE_INFINITY ? -1 : Math.max(0, Math.ceil(next - Date.now()));
    const ready = new Set(waitReadable(stopping.map(({ link }) => link.fd), timeout));
    for (const one of stopping.filter(({ link }) => ready.has(link.fd))) {
      const got = one.link.receive();
      if (got?.type === packet.answer) one.answerByMs = Number.POSITIVE_INFINITY;
      if (exitIn(got) === undefined) continue;
      waitLifeEnd(context, one.id);
      settle(one, { stopped: true, killed: one.killed, silent: false });
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
function begin(context: Context, id: ContainerID, timeoutSeconds: number | undefined): Stopping | 'silent' | undefined {
  const record = tryReadRecord(context, id);
  let link: MonitorConnection | undefined;
  try {
    link = record === undefined ? undefined : reachMonitor(context, id);
  } catch (error) {
    if (isCode(error, 'MONITOR_FAILED')) return 'silent';
    throw error;
  }
  if (record === undefined || link === undefined) return undefined;
  // One that stands still can't heed a signal but SIGKILL.
  const seconds = containerState(context, id).status === 'paused' ? 0 : (timeoutSeconds ?? record.Skiff.stopTimeoutSeconds);
  const signal = record.Config.StopSignal === undefined ? SIGTERM : parseSignal(record.Config.StopSignal);
  const killed = seconds === 0;
  signalFirst(link, killed ? SIGKILL : signal);
  return { id, link, deadlineMs: Date.now() + seconds * 1000, killed, answerByMs: Date.now() + answerMs };
}

function killOverdue(stopping: readonly Stopping[], now: number): void {
  for (const one of stopping) {
    if (one.killed || one.deadlineMs > now) continue;
    one.killed = true;
    one.answerByMs = now + answerMs;
    signalFirst(one.link, SIGKILL);
  }
}

/** To the container's first process. One that has just ended needs none: the end is what we wait for. */
function signalFirst(link: MonitorConnection, signal: number): void {
  link.send(packet.kill, Uint8Array.of(signal));
}
