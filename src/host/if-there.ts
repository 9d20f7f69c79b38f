/**
 * Looking at what need not be there: absence is an answer, everything else an error. With `operation` errors are SkiffErrors that
 * begin so ("read store"), without it they are node:fs's own.
 */
import { readFileSync, readdirSync, readlinkSync, realpathSync, unlinkSync } from 'node:fs';
import { isErrno, wrap } from '../lib/errors.ts';

/** The file's bytes; undefined where there is none. */
export function bytesIfThere(path: string, operation?: string): Buffer | undefined {
  return unless(['ENOENT'], undefined, operation, () => readFileSync(path));
}

/** The file's text, UTF-8; undefined where there is none. */
export function textIfThere(path: string, operation?: string): string | undefined {
  return unless(['ENOENT'], undefined, operation, () => readFileSync(path, 'utf8'));
}

/** Names in a folder, in no order; none where it does not exist. */
export function namesIfThere(folder: string, operation?: string): string[] {
  return unless(['ENOENT'], [], operation, () => readdirSync(folder));
}

/** Where a symlink points; undefined where there is none, or something else. */
export function linkIfThere(path: string, operation?: string): string | undefined {
  return unless(['ENOENT', 'EINVAL'], undefined, operation, () => readlinkSync(path));
}

/** Where links on the way lead; the path itself where nothing is there. */
export function realPathIfThere(path: string, operation?: string): string {
  return unless(['ENOENT'], path, operation, () => realpathSync(path));
}

/** Removes a file, or leaves it at that where there is none. */
export function unlinkIfThere(path: string, operation?: string): void {
  unless(['ENOENT'], undefined, operation, () => unlinkSync(path));
}

function unless<T, A>(absences: readonly string[], absent: A, operation: string | undefined, look: () => T): T | A {
  try {
    return look();
  } catch (error) {
    if (isErrno(error, ...absences)) return absent;
    throw operation === undefined ? error : wrap(error, operation);
  }
}
