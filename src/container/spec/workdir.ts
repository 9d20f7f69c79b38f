/**
 * The working directory in the root filesystem: made where it is missing, checked that it does not lead elsewhere.
 *
 * Podman once made it through links of the image, on the host (GHSA-q6r4-3wmg-fwcq); here every step is resolved inside the
 * root (host/in-root.ts).
 */
import { closeSync, constants } from 'node:fs';
import { isErrno, SkiffError } from '../../lib/errors.ts';

/** What is needed of host/in-root.ts' RootHandle; a recording one in tests. */
export interface WorkdirHost {
  open(path: string, flags?: number): number | undefined;
  locate(fd: number): string;
  makeDirectory(parent: number, name: string, mode: number, owner: { uid: number; gid: number }): void;
}

/**
 * `cwd` is clean and absolute (planCwd). Directories that are missing are made for `owner`; where the user has asked for this one himself
 * (`asked`: the container's id) they are an error instead, as in Podman, for they may be a slip of the pen. A path below a mount of the user's is left
 * alone: it is not the rootfs' then. True where something was made.
 * @throws USAGE where it is no directory, is a link to nowhere, or leads below /proc
 */
export function ensureWorkdir(host: WorkdirHost, cwd: string, owner: { uid: number; gid: number }, { mountDestinations, asked }: { mountDestinations: readonly string[]; asked?: string | undefined }): boolean {
  if (mountDestinations.some((destination) => cwd === destination || cwd.startsWith(`${destination}/`))) return false;
  const existing = openChecked(host, cwd, cwd);
  if (existing !== undefined) {
    closeSync(existing);
    return false;
  }
  if (asked !== undefined) throw new SkiffError('USAGE', `workdir ${JSON.stringify(cwd)} ${isThere(host, cwd) ? `exists on container ${asked}, but is not a directory` : `does not exist on container ${asked}`}`, { exitCode: 126 });
  let parent = openChecked(host, '/', cwd);
  let prefix = '';
  try {
    for (const name of cwd.split('/').filter((part) => part !== '')) {
      prefix += `/${name}`;
      let next = openChecked(host, prefix, cwd);
      if (next === undefined) {
        if (parent === undefined) throw new SkiffError('INTERNAL', `working directory ${JSON.stringify(cwd)}: no parent`);
        makeOne(host, parent, name, cwd, owner);
        next = openChecked(host, prefix, cwd);
      }
      if (parent !== undefined) closeSync(parent);
      parent = next;
    }
  } finally {
    if (parent !== undefined) closeSync(parent);
  }
  return true;
}

function isThere(host: WorkdirHost, path: string): boolean {
  const fd = host.open(path);
  if (fd !== undefined) closeSync(fd);
  return fd !== undefined;
}

function makeOne(host: WorkdirHost, parent: number, name: string, cwd: string, owner: { uid: number; gid: number }): void {
  try {
    host.makeDirectory(parent, name, 0o755, owner);
  } catch (error) {
    // It is there and could not be opened as a directory: a file, or a link that leads to nothing.
    if (isErrno(error, 'EEXIST')) throw refused(cwd, `${JSON.stringify(name)} is not a directory`);
    throw error;
  }
}

/** undefined where it does not exist. A link that leads below /proc would name descriptors of the runtime once proc is mounted (CVE-2024-21626). */
function openChecked(host: WorkdirHost, path: string, cwd: string): number | undefined {
  let fd: number | undefined;
  try {
    fd = host.open(path, constants.O_DIRECTORY);
  } catch (error) {
    if (isErrno(error, 'ELOOP')) throw refused(cwd, 'too many links');
    throw error;
  }
  if (fd === undefined) return undefined;
  const real = host.locate(fd);
  if (real !== '/proc' && !real.startsWith('/proc/')) return fd;
  closeSync(fd);
  throw refused(cwd, 'it leads below /proc');
}

function refused(cwd: string, why: string): SkiffError {
  return new SkiffError('USAGE', `working directory ${JSON.stringify(cwd)}: ${why}`);
}
