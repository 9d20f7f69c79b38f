/**
 * Owner, mode, attributes and times of what was unpacked. The order matters: chown clears setuid bits and file
 * capabilities, so it comes first, times last. What a folder does to names made in it waits until all are made: their making
 * changes its times, and its setgid bit and default ACL would be passed on to them.
 */
import { chmodSync, fchmodSync, fchownSync, futimesSync, lchownSync, lutimesSync } from 'node:fs';
import { treeFiles } from '../../host/tree-files.ts';
import { SkiffError, isErrno } from '../../lib/errors.ts';
import type { TarEntry, Time } from '../tar/entry.ts';
import { showName, toNanoseconds, toPath } from '../tar/entry.ts';
import type { Notes } from './report.ts';
import { judgeXattr, valueToStore } from './xattrs.ts';

const S_ISGID = 0o2000;
const defaultAcl = 'system.posix_acl_default';

interface Pending { mtime: Time; mode?: number; acl?: Buffer }

export class Attributes {
  readonly #root: string;
  readonly #notes: Notes;
  readonly #folders = new Map<string, Pending>();
  /** Sum of what was stored: files' sizes and links' lengths. */
  sizeBytes = 0;

  constructor(root: string, notes: Notes) {
    this.#root = root;
    this.#notes = notes;
  }

  /** A regular file, open for writing at `fd`, made with the permission bits of `entry`. */
  setFile(fd: number, path: string, entry: TarEntry): void {
    const { uid, gid, mode, mtime } = entry;
    if (uid !== 0 || gid !== 0) owned(entry, () => fchownSync(fd, uid, gid));
    if ((mode & 0o7000) !== 0) fchmodSync(fd, mode);
    if (entry.xattrs.size > 0) this.#xattrs(path, entry);
    // A whole number of seconds is exact as a double; a fraction is not.
    if (isPlain(mtime)) futimesSync(fd, mtime.seconds, mtime.seconds);
    else setTime(this.#at(path), mtime);
    this.sizeBytes += entry.sizeBytes;
  }

  setFolder(path: string, entry: TarEntry): void {
    const at = this.#at(path);
    owned(entry, () => lchownSync(at, entry.uid, entry.gid));
    chmodSync(at, entry.mode & ~S_ISGID);
    this.#xattrs(path, entry);
    this.#folders.set(path, {
      mtime: entry.mtime, ...((entry.mode & S_ISGID) !== 0 && { mode: entry.mode }), ...(entry.xattrs.has(defaultAcl) && { acl: entry.xattrs.get(defaultAcl) as Buffer }),
    });
  }

  /** A symlink or fifo. */
  setOther(path: string, entry: TarEntry, sizeBytes: number): void {
    const at = this.#at(path);
    if (entry.uid !== 0 || entry.gid !== 0) owned(entry, () => lchownSync(at, entry.uid, entry.gid));
    if (entry.type === 'fifo' && (entry.mode & 0o7000) !== 0) chmodSync(at, entry.mode);
    this.#xattrs(path, entry);
    setTime(at, entry.mtime);
    this.sizeBytes += sizeBytes;
  }

  /** `path` and all below it are gone. */
  forget(path: string): void {
    for (const folder of this.#folders.keys()) {
      if (folder === path || folder.startsWith(`${path}/`)) this.#folders.delete(folder);
    }
  }

  finishFolders(): void {
    for (const [path, { mtime, mode, acl }] of this.#folders) {
      const at = this.#at(path);
      if (mode !== undefined) chmodSync(at, mode);
      if (acl !== undefined) this.#xattr(path, defaultAcl, acl);
      setTime(at, mtime);
    }
  }

  #xattrs(path: string, entry: TarEntry): void {
    for (const [name, value] of entry.xattrs) {
      if (name === defaultAcl && entry.type === 'dir') continue;
      const verdict = judgeXattr(name);
      if (verdict === 'store') this.#xattr(path, name, valueToStore(name, value));
      else this.#notes.add(verdict === 'hostile' ? `attribute ${showName(name)} refused` : `attribute ${showName(name)} skipped`);
    }
  }

  #xattr(path: string, name: string, value: Buffer): void {
    try {
      treeFiles().lsetxattr(this.#at(path), toPath(name), value);
    } catch (error) {
      // Not kept by this file system, not allowed on this type of file (user.* on a link), not well-formed.
      if (!isErrno(error, 'ENOTSUP', 'EOPNOTSUPP', 'EPERM', 'EINVAL', 'ERANGE', 'E2BIG')) throw error;
      this.#notes.add(`attribute ${showName(name)} skipped`);
    }
  }

  #at(path: string): string | Buffer {
    return toPath(`${this.#root}/${path}`);
  }
}

function setTime(path: string | Buffer, time: Time): void {
  if (isPlain(time)) {
    lutimesSync(path, time.seconds, time.seconds);
    return;
  }
  const value = toNanoseconds(time);
  treeFiles().lutimes(path, value, value);
}

/** Node takes a time before the epoch for "now". */
function isPlain(time: Time): boolean {
  return time.nanoseconds === 0 && time.seconds >= 0;
}

/** An id that the user namespace does not map fails with EINVAL. */
function owned(entry: TarEntry, chown: () => void): void {
  try {
    chown();
  } catch (error) {
    if (!isErrno(error, 'EINVAL', 'EPERM')) throw error;
    throw new SkiffError('SUBID_MISSING', `unpack ${showName(entry.name)}: owner ${entry.uid}:${entry.gid} is not mapped in the user namespace`, {
      cause: error, hint: `give your user more subordinate ids in /etc/subuid and /etc/subgid: at least ${Math.max(entry.uid, entry.gid) + 1}`,
    });
  }
}
