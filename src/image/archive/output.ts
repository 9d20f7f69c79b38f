/**
 * Where an archive is written: to a file, which appears whole or not at all, or to a stream (a pipe, a device), which gets
 * what there is until an error.
 */
import { once } from 'node:events';
import { closeSync, constants, fstatSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, statSync, write } from 'node:fs';
import { basename, dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { writableTo } from '../../host/pipes.ts';
import { randomHex } from '../../host/random.ts';
import { withUserUmask } from '../../host/umask.ts';
import { SkiffError, isErrno, isSystemError, wrap } from '../../lib/errors.ts';
import { join } from '../../lib/paths.ts';
import type { Sink } from './tar-write.ts';

const writeAsync = promisify(write);
const readerPollMs = 50;

/**
 * Runs `produce` with a sink for `path`. A link leads to what is written. Once `signal` is aborted its reason is thrown, and nothing
 * is left behind.
 * @throws what produce throws; NOT_FOUND, PERMISSION, NO_SPACE, IO
 */
export async function toFile(path: string, produce: (sink: Sink) => Promise<void>, signal?: AbortSignal): Promise<void> {
  const { target, kind } = destination(path);
  if (kind === 'pipe') return toDescriptor(await openPipe(path, signal), path, produce, signal);
  // A device is written as it is; of a file the new one takes the place.
  const temporary = kind === 'file' ? join(dirname(target), `.tmp-${randomHex(6)}-${basename(target).slice(0, 64)}`) : undefined;
  let fd: number;
  try {
    fd = withUserUmask(() => openSync(temporary ?? target, 'w', 0o666));
  } catch (error) {
    throw asOf(path, error);
  }
  try {
    await produce(fdSink(fd, path, signal));
    if (temporary !== undefined) {
      fsyncSync(fd);
      signal?.throwIfAborted();
      renameSync(temporary, target);
    }
  } catch (error) {
    if (temporary !== undefined) rmSync(temporary, { force: true });
    throw isErrno(error, 'EISDIR', 'EXDEV', 'EACCES', 'ENOENT') ? asOf(path, error) : error;
  } finally {
    closeSync(fd);
  }
}

/** What is there, links followed, or what is to be made. */
function destination(path: string): { target: string; kind: 'file' | 'pipe' | 'device' } {
  if (path === '') throw new SkiffError('USAGE', 'the name of the file to write is empty');
  try {
    const existing = statSync(path, { throwIfNoEntry: false });
    if (existing === undefined) return { target: path, kind: 'file' };
    if (!existing.isFile()) return { target: path, kind: existing.isFIFO() ? 'pipe' : 'device' };
    const target = realpathSync(path);
    // A file that is open but has no name any more ("/dev/stdout" of one) is written in place.
    return statSync(target, { throwIfNoEntry: false })?.ino === existing.ino ? { target, kind: 'file' } : { target: path, kind: 'device' };
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return { target: path, kind: 'device' };
    throw asOf(path, error);
  }
}

/** Waits for a reader without waiting in open(2), where no signal would be heard. @see fifo(7) */
async function openPipe(path: string, signal: AbortSignal | undefined): Promise<number> {
  for (;;) {
    signal?.throwIfAborted();
    try {
      return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      if (!isErrno(error, 'ENXIO')) throw asOf(path, error);
    }
    await delay(readerPollMs);
  }
}

/** An error of a call, told of the path that the user knows. */
function asOf(path: string, error: unknown): SkiffError {
  const what = `write ${JSON.stringify(path)}`;
  if (!isSystemError(error)) return wrap(error, what);
  const { code, errno, message, syscall } = error;
  return wrap(Object.assign(new Error(message, { cause: error }), { code, errno, syscall, path }), what);
}

/**
 * Runs `produce` with a sink for an open descriptor, written at its own position. A pipe is closed at the end.
 * @throws what produce throws; the reason of `signal` once it is aborted; IO where the reader has gone
 */
export async function toDescriptor(fd: number, name: string, produce: (sink: Sink) => Promise<void>, signal?: AbortSignal): Promise<void> {
  const stat = fstatSync(fd);
  if (!stat.isFIFO() && !stat.isSocket()) return produce(fdSink(fd, name, signal));
  // A pipe may have been made non-blocking by whoever shares it: only the event loop can wait for such a one.
  const stream = await writableTo(fd);
  const failure = once(stream, 'error', signal === undefined ? {} : { signal }).then(([error]) => { throw explain(error, name); }, () => { throw signal?.reason; });
  // Looked at by the race below; before the first write nobody waits for it.
  failure.catch(() => {});
  try {
    await produce((bytes) => Promise.race([failure, new Promise<void>((done) => { stream.write(bytes, () => done()); })]));
    await Promise.race([failure, new Promise<void>((done) => { stream.end(() => done()); })]);
  } catch (error) {
    // A reader that stands still would keep this process.
    stream.destroy();
    throw error;
  }
}

function explain(error: unknown, name: string): SkiffError {
  if (isErrno(error, 'EPIPE', 'ECONNRESET')) return new SkiffError('IO', `write ${JSON.stringify(name)}: nobody reads it any more`, { cause: error });
  return wrap(error, `write ${JSON.stringify(name)}`);
}

function fdSink(fd: number, name: string, signal: AbortSignal | undefined): Sink {
  return async (bytes) => {
    let at = 0;
    while (at < bytes.length) {
      signal?.throwIfAborted();
      try {
        at += (await writeAsync(fd, bytes, at, bytes.length - at, null)).bytesWritten;
      } catch (error) {
        throw explain(error, name);
      }
    }
  };
}
