/**
 * Files that are old or new, never half: write beside, fsync, rename, fsync the folder. After a cut at any point the name
 * holds the old bytes or the new ones; what may be left is a file that isTemporaryName() knows.
 */
import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { isErrno } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';

export interface WriteOptions {
  /** Permission bits, set exactly, whatever the umask. Default 0600. */
  mode?: number;
  /** Whether the bytes and the name are on the disk when the call returns. Default true; false for what need not outlive a boot. */
  sync?: boolean;
}

const temporaryPattern = /^\.tmp-[0-9a-z]+-[0-9a-z]+-/;

/** True for the names under which writeFileAtomic keeps unfinished bytes: one found after a crash is garbage. */
export function isTemporaryName(name: string): boolean {
  return temporaryPattern.test(name);
}

/** A name beside `path` that isTemporaryName() knows. */
export function temporaryPath(path: string): string {
  const unique = `${process.pid.toString(36)}-${process.hrtime.bigint().toString(36)}`;
  // The base name only tells a human what the garbage was; it is cut, because NAME_MAX bounds the whole.
  return join(dirname(path), `.tmp-${unique}-${basename(path).slice(0, 64)}`);
}

/** Replaces or creates the file `path`. A symlink at `path` is replaced, not followed. @throws what open, write, fsync and rename throw */
export function writeFileAtomic(path: string, data: string | Uint8Array, options: WriteOptions = {}): void {
  const { mode = 0o600, sync = true } = options;
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  const { temporary, fd } = openTemporary(path, mode);
  try {
    try {
      fchmodSync(fd, mode);
      writeAll(fd, bytes);
      if (sync) fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    discard(temporary);
    throw error;
  }
  if (sync) syncDir(dirname(path));
}

/** A new file beside `path`. Not named by random bytes: loading node:crypto takes longer than writing the file. */
function openTemporary(path: string, mode: number): { temporary: string; fd: number } {
  for (;;) {
    const temporary = temporaryPath(path);
    try {
      return { temporary, fd: openSync(temporary, 'wx', mode) };
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error; // the same pid at the same instant, in another pid namespace
    }
  }
}

/** Writes all of `bytes` at the current position of `fd`, however many write(2) it takes. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, bytes.length - at);
}

/** fsync of a folder: the names made, renamed and removed in it are on the disk. */
export function syncDir(path: string): void {
  syncFile(path);
}

/** fsync of a file by its path. */
export function syncFile(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function discard(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // The error that brought us here is the one to report; the sweeper of garbage knows the name.
  }
}
