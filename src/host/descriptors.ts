/** Pipes, sockets and waiting on them, by descriptor: what Node keeps to its event loop and loads node:net for. All are close-on-exec and the caller's to close. */
import { isErrno } from '../lib/errors.ts';
import { sys } from './sys.ts';

/** [read end, write end]. */
export function pipe(): [number, number] {
  return sys().pipe();
}

/**
 * A pipe for much data: its ends wait for each other sixteen times less than those of a plain one, which it is where the user's pipes
 * hold too much already. @see pipe(7) "Pipe capacity"
 */
export function widePipe(): [number, number] {
  const ends = pipe();
  try {
    sys().growPipe(ends[1], widePipeBytes);
  } catch (error) {
    if (!isErrno(error, 'EPERM', 'EBUSY')) throw error;
  }
  return ends;
}

/** What users may ask for by default: /proc/sys/fs/pipe-max-size. */
export const widePipeBytes = 1024 * 1024;

/** Two ends that are connected to each other; 'seqpacket' keeps messages apart. */
export function socketPair(type: 'stream' | 'seqpacket'): [number, number] {
  return sys().socketpair(type);
}

/** Connects to a unix socket that keeps messages apart, at a path of any length. Throws as node:fs does: ENOENT, ECONNREFUSED … */
export function connectSeqpacket(path: string): number {
  return sys().connectSeqpacket(path);
}

/** Ends a connection without closing its descriptor: a read that waits in another thread (node:fs) returns with the end. */
export function endConnection(fd: number): void {
  sys().shutdown(fd);
}

/** Blocks until one can be read or hangs up, and returns those; [] when `timeoutMs` are over (negative: it waits for ever). A pidfd is readable at the end of its process. */
export function waitReadable(fds: readonly number[], timeoutMs = -1): number[] {
  return sys().poll(fds, timeoutMs);
}

/** Blocks for so long, for conditions that nothing can be waited on for. */
export function sleepMs(milliseconds: number): void {
  sys().poll([], milliseconds);
}
