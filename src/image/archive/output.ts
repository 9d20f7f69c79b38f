/**
 * Where an archive is written: to a file, which appears whole or not at all, or to a stream (a pipe, a device), which gets
 * what there is until an error.
 */
import { once } from 'node:events';
import { closeSync, fstatSync, fsyncSync, openSync, renameSync, rmSync, statSync, write } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { writableTo } from '../../host/pipes.ts';
import { randomHex } from '../../host/random.ts';
import { SkiffError, isErrno, wrap } from '../../lib/errors.ts';
import type { Sink } from './tar-write.ts';

const writeAsync = promisify(write);

/** Runs `produce` with a sink for `path`. @throws what produce throws; NOT_FOUND, PERMISSION, NO_SPACE, IO */
export async function toFile(path: string, produce: (sink: Sink) => Promise<void>): Promise<void> {
  const existing = statSync(path, { throwIfNoEntry: false });
  // A pipe or device is written as it is; of a file the new one takes the place.
  const temporary = existing === undefined || existing.isFile() ? join(dirname(path), `.tmp-${randomHex(6)}-${basename(path).slice(0, 64)}`) : undefined;
  let fd: number;
  try {
    fd = openSync(temporary ?? path, 'w', 0o666);
  } catch (error) {
    throw wrap(error, `write ${JSON.stringify(path)}`);
  }
  try {
    await produce(fdSink(fd, path));
    if (temporary !== undefined) {
      fsyncSync(fd);
      renameSync(temporary, path);
    }
  } catch (error) {
    if (temporary !== undefined) rmSync(temporary, { force: true });
    throw isErrno(error, 'EISDIR', 'EXDEV', 'EACCES') ? wrap(error, `write ${JSON.stringify(path)}`) : error;
  } finally {
    closeSync(fd);
  }
}

/**
 * Runs `produce` with a sink for an open descriptor, written at its own position. A pipe is closed at the end.
 * @throws what produce throws; IO where the reader has gone
 */
export async function toDescriptor(fd: number, name: string, produce: (sink: Sink) => Promise<void>): Promise<void> {
  const stat = fstatSync(fd);
  if (!stat.isFIFO() && !stat.isSocket()) return produce(fdSink(fd, name));
  // A pipe may have been made non-blocking by whoever shares it: only the event loop can wait for such a one.
  const stream = await writableTo(fd);
  const failure = once(stream, 'error').then(([error]) => { throw explain(error, name); });
  // Looked at by the race below; before the first write nobody waits for it.
  failure.catch(() => {});
  await produce((bytes) => Promise.race([failure, new Promise<void>((done) => { stream.write(bytes, () => done()); })]));
  await Promise.race([failure, new Promise<void>((done) => { stream.end(() => done()); })]);
}

function explain(error: unknown, name: string): SkiffError {
  if (isErrno(error, 'EPIPE', 'ECONNRESET')) return new SkiffError('IO', `write ${JSON.stringify(name)}: nobody reads it any more`, { cause: error });
  return wrap(error, `write ${JSON.stringify(name)}`);
}

function fdSink(fd: number, name: string): Sink {
  return async (bytes) => {
    let at = 0;
    while (at < bytes.length) {
      try {
        at += (await writeAsync(fd, bytes, at, bytes.length - at, null)).bytesWritten;
      } catch (error) {
        throw explain(error, name);
      }
    }
  };
}
