/** Opening what an image is read from so that who waits for its bytes still hears a signal: node:fs would sit in open(2) or read(2) of a pipe. */
import { constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { readableFrom } from '../host/pipes.ts';
import { isErrno } from '../lib/errors.ts';

/** A file for reading; a named pipe before anyone writes into it. Throws as node:fs does. */
export function openInput(path: string): number {
  return openSync(path, constants.O_RDONLY | (statSync(path).isFIFO() ? constants.O_NONBLOCK : 0));
}

/**
 * The bytes of a pipe or socket, until its end or until `signal` is aborted, whose reason is thrown then; undefined for any other
 * file. The descriptor stays the caller's, but for one that can't be opened anew (a socket, another user's pipe): that is closed.
 */
export async function pipeInput(fd: number, signal: AbortSignal | undefined): Promise<AsyncIterable<Buffer> | undefined> {
  const stat = fstatSync(fd);
  if (!stat.isFIFO() && !stat.isSocket()) return undefined;
  signal?.throwIfAborted();
  const stream = await readableFrom(reopened(fd));
  const stop = (): void => { stream.destroy(signal?.reason as Error); };
  signal?.addEventListener('abort', stop, { once: true });
  stream.once('close', () => signal?.removeEventListener('abort', stop));
  return stream as AsyncIterable<Buffer>;
}

/** An open file of our own: that of others, who read on after us, stays blocking. */
function reopened(fd: number): number {
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isErrno(error, 'EACCES', 'EPERM', 'ENXIO', 'ENOENT')) return fd;
    throw error;
  }
}

/** The offset at which a descriptor of a plain file is read on: whoever had it before may have read a part. */
export function positionOf(fd: number): number {
  return Number(/^pos:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? 0);
}
