/**
 * Programs that are started now and waited for later: while they come up, the command goes on. Waiting is a blocking read and a
 * waitpid, without an event loop.
 */
import { closeSync, readSync } from 'node:fs';
import { isErrno } from '../lib/errors.ts';
import { spawnStream } from './run.ts';
import { sys } from './sys.ts';

/** More than this of its stderr is read and dropped. */
const maxStderr = 64 * 1024;

export interface BackgroundHelper {
  readonly pid: number;
  /**
   * Blocks until it ends (a daemon: until its first process does, having let go of stderr). Call it once.
   * An exit code of 128+n stands for signal n.
   */
  wait(): { exitCode: number; stderr: string };
  /** Ends it and takes its exit status; nothing happens after wait() or a first call. */
  abandon(): void;
}

/** stdin and stdout are /dev/null, stderr is collected. @throws HELPER_MISSING, HELPER_FAILED */
export function startHelper(argv: readonly string[], fds: readonly (readonly [number, number])[] = []): BackgroundHelper {
  const child = spawnStream(argv, { stdout: 'null', stderr: 'pipe', fds, cwd: '/' });
  const stderr = child.stderr;
  let open = true;
  return {
    pid: child.pid,
    wait() {
      open = false;
      const text = stderr === undefined ? '' : readAll(stderr);
      const status = sys().waitpid(child.pid, false);
      return { exitCode: status?.signal === undefined ? (status?.exitCode ?? 0) : 128 + status.signal, stderr: text };
    },
    abandon() {
      if (!open) return;
      open = false;
      child.kill(9);
      if (stderr !== undefined) closeSync(stderr);
      sys().waitpid(child.pid, false);
    },
  };
}

export interface BackgroundServer {
  readonly pid: number;
  /** Blocks until it says that it is ready; undefined then. Else it has ended, and this is how. Call it once. */
  waitReady(): { exitCode: number } | undefined;
  /** Ends it and takes its exit status; nothing happens after a first call. */
  abandon(): void;
}

/** Descriptors of a server that startServer() has started. */
export const serverFds = { ready: 3, exit: 4 } as const;

/**
 * Starts a program that stays in the foreground: it writes a byte to descriptor 3 when it is ready and ends when 4, a copy of
 * `exitFd`, hangs up. It is in a session of its own, so that no Ctrl-C of a terminal reaches it. `logFd` takes its stderr.
 * @throws HELPER_MISSING, HELPER_FAILED
 */
export function startServer(argv: readonly string[], options: { cwd: string; logFd: number; exitFd: number | undefined }): BackgroundServer {
  const { cwd, logFd, exitFd } = options;
  const [ready, theirReady] = sys().pipe();
  const exit: [number, number][] = exitFd === undefined ? [] : [[exitFd, serverFds.exit]];
  let open = true;
  try {
    const child = spawnStream(argv, { stdout: 'null', stderr: logFd, fds: [[theirReady, serverFds.ready], ...exit], cwd, setsid: true });
    return {
      pid: child.pid,
      waitReady() {
        const length = readSync(ready, Buffer.alloc(1));
        closeSync(ready);
        if (length > 0) return undefined;
        open = false;
        const status = sys().waitpid(child.pid, false);
        return { exitCode: status?.signal === undefined ? (status?.exitCode ?? 0) : 128 + status.signal };
      },
      abandon() {
        if (!open) return;
        open = false;
        child.kill(9);
        sys().waitpid(child.pid, false);
      },
    };
  } catch (error) {
    closeSync(ready);
    throw error;
  } finally {
    closeSync(theirReady);
  }
}

/** Until the last writer is gone; the descriptor is closed. */
function readAll(fd: number): string {
  const buffer = Buffer.allocUnsafe(4096);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for (;;) {
      const length = readSync(fd, buffer);
      if (length === 0) break;
      size += length;
      if (size <= maxStderr) chunks.push(Buffer.from(buffer.subarray(0, length)));
    }
  } finally {
    closeSync(fd);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** True where `pid` is a process that runs `program` (by the name of its command line's first word), and no zombie. */
export function isRunning(pid: number, program: string, readText: (path: string) => string): boolean {
  try {
    const [first = ''] = readText(`/proc/${pid}/cmdline`).split('\0');
    return first.slice(first.lastIndexOf('/') + 1) === program;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return false;
    throw error;
  }
}
