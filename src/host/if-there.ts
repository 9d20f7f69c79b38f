/**
 * Looking at what need not be there: absence (ENOENT, ENOTDIR) is an answer, everything else an error. With `operation` errors are
 * SkiffErrors that begin so ("read store"), without it they are node:fs's own.
 *
 * Each asks for the name first: an error of node:fs takes five times as long to make as that look, and a listing of 200 containers
 * would make a thousand of them.
 */
import { lstatSync, readFileSync, readdirSync, readlinkSync, realpathSync, unlinkSync } from 'node:fs';
import { isErrno, wrap } from '../lib/errors.ts';

/** True where something has this name, be it a link to nothing. @throws EACCES, ELOOP, … */
export function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (isErrno(error, 'ENOTDIR')) return false;
    throw error;
  }
}

/** The file's bytes; undefined where there is none. */
export function bytesIfThere(path: string, operation?: string): Buffer | undefined {
  return unless(path, [], undefined, operation, () => readFileSync(path));
}

/** The file's text, UTF-8; undefined where there is none. */
export function textIfThere(path: string, operation?: string): string | undefined {
  return unless(path, [], undefined, operation, () => readFileSync(path, 'utf8'));
}

/** Names in a folder, in no order; none where it does not exist. */
export function namesIfThere(folder: string, operation?: string): string[] {
  return unless(folder, [], [], operation, () => readdirSync(folder));
}

/** Where a symlink points; undefined where there is none, or something else. */
export function linkIfThere(path: string, operation?: string): string | undefined {
  return unless(path, ['EINVAL'], undefined, operation, () => readlinkSync(path));
}

/** Where links on the way lead; the path itself where nothing is there. */
export function realPathIfThere(path: string, operation?: string): string {
  return unless(path, [], path, operation, () => realpathSync(path));
}

/** Removes a file, or leaves it at that where there is none. */
export function unlinkIfThere(path: string, operation?: string): void {
  unless(path, [], undefined, operation, () => unlinkSync(path));
}

function unless<T, A>(path: string, absences: readonly string[], absent: A, operation: string | undefined, look: () => T): T | A {
  try {
    return isThere(path) ? look() : absent;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', ...absences)) return absent; // gone since, a link to nothing
    throw operation === undefined ? error : wrap(error, operation);
  }
}
