/**
 * Removing a tree that holds whatever a container or an image put there: names that are no UTF-8, folders without permissions, depth without
 * end. Works from descriptors of folders, so that no link is ever followed and no path gets too long. To be called inside the
 * user namespace: files of a rootless store belong to subordinate ids.
 */
import { chmodSync, closeSync, constants, fchmodSync, fstatSync, openSync, readdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { isErrno } from '../lib/errors.ts';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
const O_PATH = 0o10000000;

/** Folders below this depth are moved up to the top first: one open descriptor per level is what bounds us. */
const maxDepth = 64;

/**
 * How often a folder is emptied that is full again when it is to go. Another process that removes it too may have put its own in its place (a
 * rename replaces an empty folder), and one that was on its way to make a file in it when it got its new name makes that there.
 */
const maxRounds = 10_000;

/** Removes `path` and all below it; several processes may do so at once. Nothing happens where it is missing. @throws the first error that isn't ENOENT */
export function removeTree(path: string): void {
  const parent = openParent(dirname(path));
  if (parent === undefined) return;
  try {
    for (let round = 1; !removedWhole(parent, Buffer.from(basename(path)), round < maxRounds); round++);
  } finally {
    closeSync(parent);
  }
}

function openParent(path: string): number | undefined {
  try {
    return openSync(path, O_PATH | O_DIRECTORY);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** False where the folder was full again and that is no error yet. */
function removedWhole(parent: number, name: Buffer, mayStay: boolean): boolean {
  try {
    removeEntry(parent, name, { fd: parent, moved: 0 }, 0);
    return true;
  } catch (error) {
    if (mayStay && isErrno(error, 'ENOTEMPTY')) return false;
    throw error;
  }
}

/** Where too deep folders are put: the folder being removed. */
interface Top { fd: number; moved: number }

function removeEntry(dir: number, name: Buffer, top: Top, depth: number): void {
  const path = at(dir, name);
  try {
    unlinkSync(path);
    return;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    if (!isErrno(error, 'EISDIR')) throw error;
  }
  removeDir(dir, name, top, depth);
}

function removeDir(dir: number, name: Buffer, top: Top, depth: number): void {
  const path = at(dir, name);
  if (depth > maxDepth) {
    renameSync(path, at(top.fd, Buffer.from(`.deep-${top.moved++}`)));
    return;
  }
  const fd = openDir(path);
  if (fd === undefined) return;
  try {
    const inner = depth === 0 ? { fd, moved: 0 } : top;
    // More than once only at the top: folders from the deep arrive there while we work.
    for (let entries = list(fd); entries.length > 0; entries = depth === 0 ? list(fd) : []) {
      for (const entry of entries) {
        if (entry.directory) removeDir(fd, entry.name, inner, depth + 1);
        else removeEntry(fd, entry.name, inner, depth + 1);
      }
    }
  } finally {
    closeSync(fd);
  }
  try {
    rmdirSync(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

function list(fd: number): { name: Buffer; directory: boolean }[] {
  return readdirSync(`/proc/self/fd/${fd}`, { withFileTypes: true, encoding: 'buffer' }).map((entry) => ({ name: entry.name as unknown as Buffer, directory: entry.isDirectory() }));
}

/** Opens a folder for listing and emptying, given the permissions for it where we lack them. Undefined where it is gone. */
function openDir(path: Buffer): number | undefined {
  try {
    const fd = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    // Root in a user namespace needs no permission bits; an owner outside of one needs to write and search.
    if (process.geteuid?.() !== 0 && (fstatSync(fd).mode & 0o300) !== 0o300) fchmodSync(fd, 0o700);
    return fd;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    if (!isErrno(error, 'EACCES')) throw error;
  }
  const handle = openSync(path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  try {
    chmodSync(`/proc/self/fd/${handle}`, 0o700);
    return openSync(`/proc/self/fd/${handle}`, O_RDONLY | O_DIRECTORY);
  } finally {
    closeSync(handle);
  }
}

function at(dir: number, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${dir}/`), name]);
}
