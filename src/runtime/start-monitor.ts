/**
 * Starting skiff-monitor and talking to it until the container runs (the sequence is drawn in index.ts). Synchronous: the
 * command has nothing else to do meanwhile, and one blocking read is the cheapest wait there is.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { getSystemErrorMap } from 'node:util';
import { isErrno, SkiffError, wrap } from '../lib/errors.ts';
import { socketPair } from '../host/descriptors.ts';
import { userBus } from '../host/cgroup/user-manager.ts';
import { helperPath } from '../host/helpers.ts';
import { awaitProgram, startProgram } from '../host/process.ts';
import type { MonitorEvent } from './index.ts';
import { helloPacket } from './client.ts';
import { monitorArgv, monitorFds, type MonitorRequest } from './monitor-argv.ts';

export interface ClientWish { stdin: boolean; stdout: boolean; stderr: boolean }

/** A monitor that was started. Whoever has it closes it, or hands `client` on to skiff-attach. */
export interface StartedMonitor {
  readonly pid: number;
  readonly statusFd: number;
  /** Our end of the attach connection, hello already said. */
  readonly client: number | undefined;
}

/**
 * Spawns the monitor in this process's namespaces. It inherits the run lock: the container lives from now on.
 * With `client`, the first attach connection exists before the container does, so that no byte is missed.
 * @throws HELPER_MISSING MONITOR_FAILED
 */
export function startMonitor(request: MonitorRequest, lockFd: number, client: ClientWish | undefined): StartedMonitor {
  const [status, monitorStatus] = socketPair('stream');
  const pair = client === undefined ? undefined : socketPair('seqpacket');
  const devNull = openSync('/dev/null', 'r+');
  const passthrough = request.log.driver === 'passthrough';
  const fds: [number, number][] = [
    [passthrough ? 0 : devNull, 0], [passthrough ? 1 : devNull, 1], [passthrough ? 2 : devNull, 2], [monitorStatus, monitorFds.status], [lockFd, monitorFds.lock],
  ];
  if (pair !== undefined) fds.push([pair[1], monitorFds.client]);
  if (request.lifeline !== undefined) fds.push([request.lifeline, monitorFds.lifeline]);
  const path = helperPath('skiff-monitor');
  try {
    if (pair !== undefined && client !== undefined) writeSync(pair[0], helloPacket({ ...client, exit: true }));
    const pid = startProgram({ path, argv: monitorArgv(request, pair !== undefined), env: environment(), fds, cwd: '/', setsid: true });
    return { pid, statusFd: status, client: pair?.[0] };
  } catch (error) {
    closeSync(status);
    if (pair !== undefined) closeSync(pair[0]);
    if (isErrno(error, 'ENOENT')) throw new SkiffError('HELPER_MISSING', `start the monitor: ${path} is missing`, { cause: error, hint: 'run: npm run build' });
    throw wrap(error, 'start the monitor', { cause: error });
  } finally {
    closeSync(devNull);
    closeSync(monitorStatus);
    if (pair !== undefined) closeSync(pair[1]);
  }
}

/** Lets go of a monitor: one that has not been told to start kills what it made and ends. To be called once. */
export function closeMonitor(monitor: StartedMonitor): void {
  closeSync(monitor.statusFd);
  if (monitor.client !== undefined) closeSync(monitor.client);
}

/** Lets go of one that has not been told of the bundle, and waits until it has ended: everything is as if there had been none. To be called once. */
export function dismissMonitor(monitor: StartedMonitor): void {
  closeMonitor(monitor);
  awaitProgram(monitor.pid);
}

/** Tells a monitor that config.json is there. */
export function sayBundle(monitor: StartedMonitor): void {
  say(monitor, 'bundle\n');
}

/** Tells a held monitor that the network is there and the container may start. */
export function sayStart(monitor: StartedMonitor): void {
  say(monitor, 'start\n');
}

/** Of one that is gone the end of its events tells, and what it said before. @see awaitEvent */
function say(monitor: StartedMonitor, word: string): void {
  try {
    writeSync(monitor.statusFd, word);
  } catch (error) {
    if (!isErrno(error, 'EPIPE', 'ECONNRESET')) throw new SkiffError('MONITOR_FAILED', 'the monitor ended before the container was started', { cause: error });
  }
}

/**
 * Blocks until the monitor reports `wanted` and returns the event.
 * @throws RUNTIME_FAILED what the OCI runtime said, with data {exitCode, stderr}
 * @throws MONITOR_FAILED where the monitor ended or failed by itself
 */
export function awaitEvent(monitor: StartedMonitor, wanted: 'created' | 'started'): { pid: number } {
  let pending = '';
  const chunk = Buffer.alloc(8192);
  for (;;) {
    const newline = pending.indexOf('\n');
    if (newline >= 0) {
      const event = parseEvent(pending.slice(0, newline));
      pending = pending.slice(newline + 1);
      if (event?.event === 'error') throw monitorError(event);
      if (event !== undefined && event.event === wanted) return { pid: event.pid };
      continue;
    }
    const count = readSync(monitor.statusFd, chunk);
    if (count === 0) throw new SkiffError('MONITOR_FAILED', 'the monitor ended before the container ran');
    pending += chunk.toString('utf8', 0, count);
  }
}

/** Unknown lines are skipped: a newer monitor may say more. */
export function parseEvent(line: string): MonitorEvent | undefined {
  try {
    const value = JSON.parse(line) as Partial<MonitorEvent> | null;
    return typeof value === 'object' && value !== null && typeof value.event === 'string' ? (value as MonitorEvent) : undefined;
  } catch {
    return undefined;
  }
}

function monitorError(event: Extract<MonitorEvent, { event: 'error' }>): SkiffError {
  if ('stderr' in event) {
    const said = event.stderr.trim().split('\n').map((line) => line.replace(/^.*?\d+Z: /, '')).join('; ');
    return new SkiffError('RUNTIME_FAILED', `OCI runtime: ${said === '' ? `exit code ${event.exitCode}` : said}`, { data: { exitCode: event.exitCode, stderr: event.stderr } });
  }
  return new SkiffError('MONITOR_FAILED', `monitor: ${event.op} ${JSON.stringify(event.arg)}: ${errnoText(event.errno)}`, { data: { op: event.op, errno: event.errno } });
}

/** "no such file or directory" for 2: what Node calls by the negative number. */
function errnoText(errno: number): string {
  return getSystemErrorMap().get(-errno)?.[1] ?? `error ${errno}`;
}

/** The runtime needs to find D-Bus (systemd cgroups) and its own programs; nothing else of the user's environment reaches it. */
function environment(): string[] {
  const passed = ['PATH', 'HOME', 'XDG_RUNTIME_DIR', 'LANG', 'SKIFF_HELPERS_DIR', 'SKIFF_HELPER_DEBUG'];
  const lines = passed.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [`${name}=${value}`];
  });
  // By this and nothing else the runtime finds the user's manager: not where a stale or missing variable would lead.
  const bus = userBus();
  return bus === undefined ? lines : [...lines, `DBUS_SESSION_BUS_ADDRESS=${bus}`];
}
