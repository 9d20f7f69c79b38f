/** Waiting for the end of a container, and for the monitor to be done with it. */
import { read } from 'node:fs';
import type { ContainerID } from '../oci/ids.ts';
import { acquire } from '../host/locks.ts';
import { endConnection, sleepMs } from '../host/descriptors.ts';
import { isErrno } from '../lib/errors.ts';
import type { Context } from './index.ts';
import { answerMs, connectMonitor, takeExit, type MonitorConnection, type WaitResult } from '../runtime/client.ts';
import { packet, packetMaxBytes } from '../runtime/index.ts';
import { runDir } from './names.ts';
import { silentMonitor } from './silent-monitor.ts';
import { containerState, lockPath } from './state.ts';

/** Blocks until nobody is the container's life any more: then it can be started or removed at once. Returns at once where nobody is. */
export function waitLifeEnd(context: Context, id: ContainerID): void {
  try {
    acquire(lockPath(context, id), 'shared').release();
  } catch (error) {
    // Its folder is gone: so is the container, or its last run.
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

/**
 * A connection to the monitor that will be told of the end; waits through the short time in which a container has a life but does
 * not listen yet. Undefined where it does not run. @throws MONITOR_FAILED where it runs and nobody listens
 */
export function reachMonitor(context: Context, id: ContainerID): MonitorConnection | undefined {
  for (let until = Date.now() + answerMs; ;) {
    const connection = connectMonitor(runDir(context.runtimeDir, id), { exit: true });
    if (connection !== undefined) return connection;
    const { status } = containerState(context, id);
    if (status !== 'starting' && status !== 'running' && status !== 'paused') return undefined;
    // A start takes as long as it takes: it is another command's, which can be ended.
    if (status === 'starting') until = Date.now() + answerMs;
    else if (Date.now() > until) throw silentMonitor(context, id);
    sleepMs(10); // its monitor listens within milliseconds: there is nothing to wait on before it does
  }
}

/**
 * Resolves when the container has ended, for whatever reason; at once where it does not run. For waiting beside other work: once
 * `signal` is aborted it resolves too, so that nothing keeps this process.
 */
export async function untilEnd(context: Context, id: ContainerID, signal: AbortSignal): Promise<void> {
  const connection = signal.aborted ? undefined : reachMonitor(context, id);
  if (connection === undefined) return;
  const leave = (): void => endConnection(connection.fd);
  signal.addEventListener('abort', leave, { once: true });
  try {
    for (let type = 'none'; type !== packet.exit && type !== '';) type = await nextType(connection.fd);
  } finally {
    signal.removeEventListener('abort', leave);
    connection.close();
  }
}

/** First byte of the next packet, '' at the end of the connection. */
function nextType(fd: number): Promise<string> {
  const buffer = Buffer.alloc(packetMaxBytes);
  return new Promise((resolve, reject) => {
    read(fd, buffer, 0, buffer.length, null, (error, length) => {
      if (error === null) resolve(length === 0 ? '' : String.fromCharCode(buffer[0] ?? 0));
      else if (error.code === 'ECONNRESET') resolve(nextType(fd)); // told once; what the monitor had said before waits behind it
      else reject(error);
    });
  });
}

/**
 * For each container a call that blocks until it has ended and gives its exit code. One that was never started counts as ended with 0, as in
 * Podman. All monitors are reached now, so that one of them that ends and is removed while another is waited for has said its code.
 */
export function expectEnds(context: Context, ids: readonly ContainerID[]): Map<ContainerID, () => number> {
  return new Map(ids.map((id) => [id, expectEnd(context, id)]));
}

/** What is wrong with one is told at its turn. */
function expectEnd(context: Context, id: ContainerID): () => number {
  let connection: MonitorConnection | undefined;
  try {
    connection = reachMonitor(context, id);
  } catch (error) {
    return () => { throw error; };
  }
  return () => {
    if (connection !== undefined) {
      const end = awaitExit(connection);
      connection.close();
      waitLifeEnd(context, id);
      if (end.kind === 'exited') return end.record.exitCode;
    }
    const state = containerState(context, id);
    return state.status === 'exited' ? state.exitCode : 0;
  };
}

/** Blocks until the container runs, looking every `intervalMs`. */
export function waitRunning(context: Context, id: ContainerID, intervalMs: number): void {
  while (containerState(context, id).status !== 'running') sleepMs(intervalMs);
}

function awaitExit(connection: MonitorConnection): Exclude<WaitResult, { kind: 'timeout' }> {
  for (;;) {
    const end = takeExit(connection);
    if (end !== undefined) return end;
  }
}
