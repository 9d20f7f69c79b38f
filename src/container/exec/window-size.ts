/**
 * Setting the size of the terminal that a process in a container has. The runtimes tell the first size and none after it, so
 * the terminal itself is opened: by the number that the kernel knows of it, in the container's own /dev/pts.
 */
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { findProgram } from '../../host/find-program.ts';
import { RootHandle } from '../../host/in-root.ts';
import { spawnStream } from '../../host/run.ts';
import type { TerminalSize } from '../../host/tty.ts';
import { isSystemError } from '../../lib/errors.ts';
import { log } from '../../lib/log.ts';
import { terminalName } from '../top/parse.ts';

/** `pidFile` is the runtime's; nothing happens before it is written, without `stty` on the host, or after the process has ended. */
export async function setWindowSize(pidFile: string, size: TerminalSize): Promise<void> {
  try {
    const terminal = openTerminalOf(Number(readFileSync(pidFile, 'utf8')));
    if (terminal === undefined) return;
    try {
      await spawnStream(['stty', 'rows', String(size.rows), 'cols', String(size.columns)], { stdin: terminal, stdout: 'null', stderr: 'null' }).ended;
    } finally {
      closeSync(terminal);
    }
  } catch (error) {
    // A window that keeps its old size is no reason to end what runs in it.
    if (!isSystemError(error)) throw error;
    log.debug(`resize: ${error.message}`);
  }
}

function openTerminalOf(pid: number): number | undefined {
  if (!(pid > 0) || findProgram('stty') === undefined) return undefined;
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const name = terminalName(Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[4] ?? 0));
  if (!name.startsWith('pts/')) return undefined;
  const root = new RootHandle(`/proc/${pid}/root`);
  let handle: number | undefined;
  try {
    handle = root.open(`/dev/${name}`);
    return handle === undefined ? undefined : openSync(`/proc/self/fd/${handle}`, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  } finally {
    if (handle !== undefined) closeSync(handle);
    root.close();
  }
}
