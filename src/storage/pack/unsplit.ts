/**
 * A layer's tar, bit for bit as it came: tar-split's raw bytes, and the files' data from the tree. Runs in a worker that is
 * pivoted into the layer's diff folder: names come from an archive and may lead through links.
 */
import { closeSync, createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { treeFiles } from '../../host/tree-files.ts';
import { SkiffError, isSystemError, wrap } from '../../lib/errors.ts';
import { showName, toPath } from '../tar/entry.ts';
import { cleanName } from '../tar/names.ts';
import type { SplitEntry } from '../tar/split.ts';
import { splitEntries } from '../tar/split.ts';
import type { PackSink } from './output.ts';

/** Of tar-split's lines at once. */
const linesBytes = 128 * 1024;

/** `root`: "" in a pivoted worker. Ends `output`. @throws STORE_CORRUPT where the tree has not what tar-split says */
export async function unsplit(root: string, splitFd: number, output: PackSink): Promise<void> {
  await assemble(root, splitFd, (bytes) => {
    output.write(bytes);
    return output.drain();
  });
  await output.end();
}

type FileEntry = SplitEntry & { kind: 'file' };

/** What is done with bytes, which are valid during the call only; more come when it is over. */
export type TakeBytes = (bytes: Buffer) => Promise<void> | void;

/**
 * The same for who wants to look at the bytes. With `onDamage`, a file that is not what
 * tar-split says is told of, and zeros stand for what it lacks; tar-split itself has to be whole.
 * @throws STORE_CORRUPT
 */
export async function assemble(root: string, splitFd: number, write: TakeBytes, onDamage?: (error: SkiffError) => void): Promise<void> {
  const buffer = Buffer.allocUnsafe(1024 * 1024);
  const gunzip = createGunzip({ chunkSize: linesBytes });
  const source = createReadStream('', { fd: splitFd, autoClose: false, start: 0 });
  source.on('error', (error) => gunzip.destroy(error));
  try {
    for await (const entries of splitEntries(source.pipe(gunzip))) {
      for (const entry of entries) {
        for (const bytes of entry.kind === 'segment' ? [entry.bytes] : fileData(root, entry, buffer, onDamage)) {
          // Mostly there is nothing to wait for, and a promise for each of many small files costs more than reading them.
          const taken = write(bytes);
          if (taken !== undefined) await taken;
        }
      }
    }
  } catch (error) {
    if (isZlibError(error)) throw new SkiffError('STORE_CORRUPT', 'tar-split data is damaged', { cause: error });
    throw error;
  } finally {
    source.destroy();
  }
}

/** The bytes are in `buffer`. */
function fileData(root: string, entry: FileEntry, buffer: Buffer, onDamage: ((error: SkiffError) => void) | undefined): Iterable<Buffer> {
  if (entry.sizeBytes > buffer.length) return largeFile(root, entry, buffer, onDamage);
  return entry.sizeBytes === 0 ? [] : [smallFile(root, entry, buffer, onDamage)];
}

const sumBytes = 8;
const smallSum = Buffer.alloc(sumBytes);

/** Of at most the buffer's length. Layers have tens of thousands: each is one call, and no generator. */
function smallFile(root: string, entry: FileEntry, buffer: Buffer, onDamage: ((error: SkiffError) => void) | undefined): Buffer {
  const data = buffer.subarray(0, entry.sizeBytes);
  try {
    const sum = smallSum.fill(0);
    const count = reading(root, entry, (path) => treeFiles().readRegular(path, sum, buffer, entry.sizeBytes));
    if (count < entry.sizeBytes) throw changed(entry, 'has become shorter');
    if (!sum.equals(entry.crc)) throw changed(entry, 'has been changed');
    return data;
  } catch (error) {
    if (onDamage === undefined || !(error instanceof SkiffError)) throw error;
    onDamage(error);
    return data.fill(0);
  }
}

function* largeFile(root: string, entry: FileEntry, buffer: Buffer, onDamage: ((error: SkiffError) => void) | undefined): Generator<Buffer> {
  let left = entry.sizeBytes;
  try {
    for (const bytes of checkedData(root, entry, buffer)) {
      left -= bytes.length;
      yield bytes;
    }
  } catch (error) {
    if (onDamage === undefined || !(error instanceof SkiffError)) throw error;
    onDamage(error);
    for (buffer.fill(0); left > 0; left -= buffer.length) yield buffer.subarray(0, Math.min(left, buffer.length));
  }
}

function* checkedData(root: string, entry: FileEntry, buffer: Buffer): Generator<Buffer> {
  const fd = reading(root, entry, (path) => treeFiles().openRegular(path));
  try {
    const sum = Buffer.alloc(sumBytes);
    for (let left = entry.sizeBytes; left > 0;) {
      const count = treeFiles().readSummed(fd, sum, buffer, Math.min(buffer.length, left));
      if (count === 0) throw changed(entry, 'has become shorter');
      left -= count;
      yield buffer.subarray(0, count);
    }
    if (!sum.equals(entry.crc)) throw changed(entry, 'has been changed');
  } finally {
    closeSync(fd);
  }
}

/** @throws STORE_CORRUPT where the tree has no such file */
function reading<T>(root: string, entry: FileEntry, read: (path: string | Buffer) => T): T {
  try {
    return read(toPath(`${root}/${cleanName(entry.name)}`));
  } catch (error) {
    if (isSystemError(error) && error.code === 'EINVAL') throw changed(entry, 'is no file any more');
    if (isSystemError(error) && ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(error.code)) throw changed(entry, `can't be opened (${error.code})`);
    throw wrap(error, `read ${showName(entry.name)}`);
  }
}

function changed(entry: FileEntry, cause: string): SkiffError {
  return new SkiffError('STORE_CORRUPT', `layer file ${showName(cleanName(entry.name))} ${cause}`);
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && String((error as { code?: unknown }).code).startsWith('Z_');
}
