/**
 * A monitor that lives and does not answer: stopped by a signal, or stuck in the kernel. Nobody else can end its container in good order, so a
 * command that needs it says so after a while; a removal by force ends the monitor, and what it leaves is an orphan like any other
 * (orphan.ts).
 */
import { closeSync, readdirSync, readFileSync } from 'node:fs';
import { openProcess, signalProcess } from '../host/process.ts';
import { isErrno, SkiffError, wrap } from '../lib/errors.ts';
import type { ContainerID } from '../oci/ids.ts';
import type { Context } from './index.ts';
import { nameOf, shortID, tryReadRecord } from './record.ts';

const SIGKILL = 9;

/** The error of a command that got no answer. */
export function silentMonitor(context: Context, id: ContainerID): SkiffError {
  const record = tryReadRecord(context, id);
  const name = record === undefined ? shortID(id) : nameOf(record);
  const pid = monitorPid(id);
  return new SkiffError('MONITOR_FAILED', `container "${name}": its monitor${pid === undefined ? '' : ` (process ${pid})`} does not answer`, {
    hint: `a stopped one goes on with SIGCONT${pid === undefined ? '' : ` (kill -CONT ${pid})`}; skiff rm -f ${name} ends and removes the container without it`,
  });
}

/** Kills the monitor, never another process: by a descriptor, after a look at what has the pid. Does nothing where there is none (any more). */
export function endMonitor(id: ContainerID): void {
  const pid = monitorPid(id);
  if (pid === undefined) return;
  let pidfd: number | undefined;
  try {
    pidfd = openProcess(pid);
    // The descriptor holds whatever has the pid now; only after this look is it sure to be the monitor.
    if (isMonitorOf(pid, id)) signalProcess(pidfd, SIGKILL);
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw wrap(error, `end the monitor of container "${id}"`);
  } finally {
    if (pidfd !== undefined) closeSync(pidfd);
  }
}

/** Nothing on disk tells its pid, as pids are for signals only: it is found by its command line (runtime/monitor-argv.ts). */
function monitorPid(id: ContainerID): number | undefined {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).find((pid) => isMonitorOf(pid, id));
}

function isMonitorOf(pid: number, id: ContainerID): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith(`skiff-monitor\0--id\0${id}\0`);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) return false;
    throw error;
  }
}
