/**
 * Network namespaces as files. They are bound in this process's private mount namespace only, so that a crash leaves an empty file and
 * no mount.
 *
 * Each has a folder of its own: pasta of 2023 watches the folder, looks at the first event of each batch only, and so misses its file's removal
 * when others go at the same time.
 */
import { closeSync, openSync, rmdirSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { isErrno } from '../lib/errors.ts';
import { makeFolders } from './make-folders.ts';
import { bindMount, unmount } from './mounts.ts';
import { sys } from './sys.ts';

/** Makes a network namespace, owned by our user namespace, and binds it at `path`, a new file in a new folder. @throws SystemError */
export function createNetns(path: string): void {
  makeTarget(path);
  sys().createNetns(path);
}

/** Binds the network namespace of a process at `path`, likewise: pasta of 2023 opens no /proc/PID/ns/net. @throws SystemError */
export function bindNetns(pid: number, path: string): void {
  makeTarget(path);
  bindMount(`/proc/${pid}/ns/net`, path);
}

/** Unbinds and removes the file, by which pasta ends. Idempotent. */
export function removeNetns(path: string): void {
  try {
    unmount(path, { lazy: true });
  } catch (error) {
    // EINVAL: bound in another mount namespace, or not any more
    if (!isErrno(error, 'EINVAL', 'ENOENT')) throw error;
  }
  try {
    unlinkSync(path);
    rmdirSync(dirname(path));
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

function makeTarget(path: string): void {
  removeNetns(path);
  makeFolders(dirname(path), 0o700);
  closeSync(openSync(path, 'wx', 0o600));
}
