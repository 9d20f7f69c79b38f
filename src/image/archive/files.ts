/**
 * The files of an image archive, the same for a tar file and for a folder: small documents are read whole and bounded,
 * blobs as streams. Nothing is written anywhere.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { fileChunks } from '../../host/file-chunks.ts';
import { SkiffError, isCode, isErrno, wrap } from '../../lib/errors.ts';
import { log } from '../../lib/log.ts';
import { join } from '../../lib/paths.ts';
import { cleanName, findMember, indexTar } from './tar-index.ts';

export interface ArchiveFiles {
  readonly kind: 'tar' | 'dir';
  has(name: string): boolean;
  /** @throws ARCHIVE_INVALID where it is missing or no regular file */
  sizeOf(name: string): number;
  /** @throws ARCHIVE_INVALID where it is missing or larger than `maxBytes`, ARCHIVE_TRUNCATED */
  read(name: string, maxBytes: number): Buffer;
  /** The first bytes of a file, for telling formats apart. */
  peek(name: string, length: number): Buffer;
  /** All bytes of a file. Several may be open at once. @throws ARCHIVE_TRUNCATED */
  stream(name: string): AsyncIterable<Uint8Array>;
  /** Never throws: what went wrong before is the news. */
  close(): void;
}

/** A tar file at an open descriptor, which is closed with the result. Positions are explicit: the file's own does not move. */
export function tarFiles(fd: number): ArchiveFiles {
  const totalBytes = fstatSync(fd).size;
  const index = indexTar((offset, length) => readRange(fd, offset, length), totalBytes);
  const member = (name: string): { offset: number; sizeBytes: number } => asInvalid(() => findMember(index, clean(name)));
  return {
    kind: 'tar',
    has: (name) => index.has(cleanName(name) ?? ''),
    sizeOf: (name) => member(name).sizeBytes,
    read(name, maxBytes) {
      const { offset, sizeBytes } = member(name);
      refuseLarge(name, sizeBytes, maxBytes);
      return readRange(fd, offset, sizeBytes);
    },
    peek(name, length) {
      const { offset, sizeBytes } = member(name);
      return readRange(fd, offset, Math.min(length, sizeBytes));
    },
    stream(name) {
      const { offset, sizeBytes } = member(name);
      return rangeChunks(fd, offset, sizeBytes);
    },
    close: () => closeQuietly(fd),
  };
}

/** An OCI layout or an unpacked docker-archive in a folder. */
export function dirFiles(folder: string): ArchiveFiles {
  const within = <T>(name: string, use: (fd: number, sizeBytes: number) => T): T => {
    const fd = openRegular(join(folder, clean(name)), name);
    try {
      return use(fd, fstatSync(fd).size);
    } finally {
      closeSync(fd);
    }
  };
  return {
    kind: 'dir',
    has(name) {
      try {
        return within(name, () => true);
      } catch (error) {
        if (isCode(error, 'ARCHIVE_INVALID')) return false;
        throw error;
      }
    },
    sizeOf: (name) => within(name, (_, sizeBytes) => sizeBytes),
    read: (name, maxBytes) => within(name, (fd, sizeBytes) => {
      refuseLarge(name, sizeBytes, maxBytes);
      return readRange(fd, 0, sizeBytes);
    }),
    peek: (name, length) => within(name, (fd, sizeBytes) => readRange(fd, 0, Math.min(length, sizeBytes))),
    stream: (name) => wholeFile(join(folder, clean(name)), name),
    close: () => {},
  };
}

function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch (error) {
    log.warn(`close archive: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function* wholeFile(path: string, name: string): AsyncGenerator<Uint8Array> {
  const fd = openRegular(path, name);
  try {
    yield* rangeChunks(fd, 0, fstatSync(fd).size);
  } finally {
    closeSync(fd);
  }
}

async function* rangeChunks(fd: number, offset: number, length: number): AsyncGenerator<Uint8Array> {
  let left = length;
  for await (const chunk of fileChunks(fd, offset, length)) {
    left -= chunk.length;
    yield chunk;
  }
  if (left > 0) throw shorter();
}

function shorter(): SkiffError {
  return new SkiffError('ARCHIVE_TRUNCATED', 'the archive became shorter while it was read');
}

/** O_NONBLOCK: a FIFO in the folder must not hold us up before fstat tells that it is one. */
function openRegular(path: string, name: string): number {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) throw new SkiffError('ARCHIVE_INVALID', `${JSON.stringify(path)} is missing`, { cause: error });
    throw wrap(error, `read file ${JSON.stringify(name)}`);
  }
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new SkiffError('ARCHIVE_INVALID', `${JSON.stringify(name)} is no regular file`);
}

function clean(name: string): string {
  const cleaned = cleanName(name);
  if (cleaned === undefined) throw new SkiffError('ARCHIVE_INVALID', `name ${JSON.stringify(name.slice(0, 200))} leads out of the archive`);
  return cleaned;
}

function refuseLarge(name: string, sizeBytes: number, maxBytes: number): void {
  if (sizeBytes > maxBytes) throw new SkiffError('ARCHIVE_INVALID', `${JSON.stringify(name)} is too large: ${sizeBytes} bytes, at most ${maxBytes}`);
}

function readRange(fd: number, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const count = readSync(fd, bytes, filled, length - filled, offset + filled);
    if (count === 0) throw shorter();
    filled += count;
  }
  return bytes;
}

function asInvalid<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (isCode(error, 'NOT_FOUND')) throw new SkiffError('ARCHIVE_INVALID', error.message, { cause: error });
    throw error;
  }
}
