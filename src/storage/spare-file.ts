/**
 * A file's spare: as many bytes on the disk as the file has, so that a shorter version of it can be written where no byte is free.
 * Room that is merely given up may be taken by another before it is used; bytes of a file of ours can't be.
 */
import { closeSync, constants, fchmodSync, fstatSync, fsyncSync, ftruncateSync, linkSync, openSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncDir, temporaryPath, writeAll, writeFileAtomic } from '../host/atomic-write.ts';
import { isErrno } from '../lib/errors.ts';

const blockBytes = 4096;
const fileMode = 0o600;

/** Replaces `path`, which is old or new after a cut, without a free byte where `data` is not longer than what is there. @throws what writeFileAtomic throws */
export function writeShorter(path: string, spare: string, data: Buffer): void {
  try {
    writeFileAtomic(path, data, { mode: fileMode });
  } catch (error) {
    if (!isFull(error)) throw error;
    if (takeSpare(path, spare, data)) return;
    // A file system that writes nothing in place: what the spare had is free now.
    rmSync(spare, { force: true });
    writeFileAtomic(path, data, { mode: fileMode });
  }
}

/** Makes the spare, or makes it larger, for a file of `bytes`. Where there is no room for it there is none. */
export function keepSpare(spare: string, bytes: number): void {
  const wanted = Math.ceil((bytes + 1) / blockBytes) * blockBytes;
  const found = statSync(spare, { throwIfNoEntry: false });
  if (found !== undefined && found.size >= wanted) return;
  try {
    writeFileSync(spare, Buffer.alloc(wanted), { mode: fileMode });
  } catch (error) {
    rmSync(spare, { force: true });
    if (!isFull(error)) throw error;
  }
}

export function isFull(error: unknown): boolean {
  return isErrno(error, 'ENOSPC', 'EDQUOT');
}

/** False where there is no spare, or one that is too small, or the file system wants room for it all the same. */
function takeSpare(path: string, spare: string, data: Buffer): boolean {
  try {
    // A longer version would leave a spare that is too short for the next one.
    if (data.length > statSync(path).size || !fill(spare, data)) return false;
    const next = keepLink(path, temporaryPath(spare));
    renameSync(spare, path);
    syncDir(dirname(path));
    // What was replaced is the next one's spare.
    if (next !== undefined) renameSync(next, spare);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOSPC', 'EDQUOT', 'ENOENT', 'EXDEV')) return false;
    throw error;
  }
}

function fill(spare: string, data: Buffer): boolean {
  const fd = openSync(spare, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    const { size, nlink } = fstatSync(fd);
    if (size < data.length || nlink !== 1) return false;
    writeAll(fd, data);
    ftruncateSync(fd, data.length);
    fchmodSync(fd, fileMode);
    fsyncSync(fd);
    return true;
  } finally {
    closeSync(fd);
  }
}

function keepLink(path: string, name: string): string | undefined {
  try {
    linkSync(path, name);
    return name;
  } catch (error) {
    if (isFull(error) || isErrno(error, 'ENOENT', 'EXDEV', 'EPERM')) return undefined;
    throw error;
  }
}
