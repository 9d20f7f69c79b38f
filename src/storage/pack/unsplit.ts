/**
 * A layer's tar, bit for bit as it came: tar-split's raw bytes, and the files' data from the tree. Runs in a worker that is
 * pivoted into the layer's diff folder: names come from an archive and may lead through links.
 */
import { closeSync, constants, createReadStream, fstatSync, openSync, readSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { SkiffError, isSystemError, wrap } from '../../lib/errors.ts';
import { Crc64 } from '../tar/crc64.ts';
import { showName, toPath } from '../tar/entry.ts';
import { cleanName } from '../tar/names.ts';
import type { SplitEntry } from '../tar/split.ts';
import { splitEntries } from '../tar/split.ts';
import type { PackSink } from './output.ts';

// A file of the tree that became a fifo must not block us.
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** `root`: "" in a pivoted worker. Ends `output`. @throws STORE_CORRUPT where the tree has not what tar-split says */
export async function unsplit(root: string, splitFd: number, output: PackSink): Promise<void> {
  await assemble(root, splitFd, (bytes) => {
    output.write(bytes);
    return output.drain();
  });
  await output.end();
}

/** What is done with bytes, which are valid during the call only; more come when it is over. */
export type TakeBytes = (bytes: Buffer) => Promise<void> | void;

/**
 * The same for who wants to look at the bytes. With `onDamage`, a file that is not what
 * tar-split says is told of, and zeros stand for what it lacks; tar-split itself has to be whole.
 * @throws STORE_CORRUPT
 */
export async function assemble(root: string, splitFd: number, write: TakeBytes, onDamage?: (error: SkiffError) => void): Promise<void> {
  const buffer = Buffer.allocUnsafe(1024 * 1024);
  const gunzip = createGunzip();
  const source = createReadStream('', { fd: splitFd, autoClose: false, start: 0 });
  source.on('error', (error) => gunzip.destroy(error));
  try {
    for await (const entry of splitEntries(source.pipe(gunzip))) {
      if (entry.kind === 'segment') await write(entry.bytes);
      else if (entry.sizeBytes > 0) await copyFile(root, entry, buffer, write, onDamage);
    }
  } catch (error) {
    if (isZlibError(error)) throw new SkiffError('STORE_CORRUPT', 'tar-split data is damaged', { cause: error });
    throw error;
  } finally {
    source.destroy();
  }
}

async function copyFile(root: string, entry: SplitEntry & { kind: 'file' }, buffer: Buffer, write: TakeBytes, onDamage: ((error: SkiffError) => void) | undefined): Promise<void> {
  let left = entry.sizeBytes;
  try {
    await copyData(root, entry, buffer, (bytes) => {
      left -= bytes.length;
      return write(bytes);
    });
  } catch (error) {
    if (onDamage === undefined || !(error instanceof SkiffError)) throw error;
    onDamage(error);
    for (buffer.fill(0); left > 0; left -= buffer.length) await write(buffer.subarray(0, Math.min(left, buffer.length)));
  }
}

async function copyData(root: string, entry: SplitEntry & { kind: 'file' }, buffer: Buffer, write: TakeBytes): Promise<void> {
  const fd = open(root, entry);
  try {
    if (!fstatSync(fd).isFile()) throw changed(entry, 'is no file any more');
    const crc = new Crc64();
    for (let left = entry.sizeBytes; left > 0;) {
      const count = readSync(fd, buffer, 0, Math.min(buffer.length, left), null);
      if (count === 0) throw changed(entry, 'has become shorter');
      const bytes = buffer.subarray(0, count);
      crc.update(bytes);
      left -= count;
      const taken = write(bytes);
      if (taken !== undefined) await taken;
    }
    if (!crc.digest().equals(entry.crc)) throw changed(entry, 'has been changed');
  } finally {
    closeSync(fd);
  }
}

function open(root: string, entry: SplitEntry & { kind: 'file' }): number {
  try {
    return openSync(toPath(`${root}/${cleanName(entry.name)}`), openFlags);
  } catch (error) {
    if (isSystemError(error) && ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(error.code)) throw changed(entry, `can't be opened (${error.code})`);
    throw wrap(error, `read ${showName(entry.name)}`);
  }
}

function changed(entry: SplitEntry & { kind: 'file' }, cause: string): SkiffError {
  return new SkiffError('STORE_CORRUPT', `layer file ${showName(entry.name)} ${cause}`);
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && String((error as { code?: unknown }).code).startsWith('Z_');
}
