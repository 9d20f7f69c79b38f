/**
 * Paths of container origin. Every such path is resolved by the kernel with the container's root as "/": links of the image
 * lead to the image's own files, "..", absolute targets and /proc magic links included, never to the host's (openat2(2),
 * RESOLVE_IN_ROOT and RESOLVE_NO_MAGICLINKS).
 */
import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync } from 'node:fs';
import { isErrno, SkiffError } from '../lib/errors.ts';
import { sys } from './sys.ts';

const RESOLVE_NO_MAGICLINKS = 0x02;
const RESOLVE_IN_ROOT = 0x10;
const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;

/** A root filesystem held open: renaming or replacing the path afterwards changes nothing. */
export class RootHandle {
  readonly #fd: number;
  readonly #path: string;

  /** @throws SystemError where `path` is no directory */
  constructor(path: string) {
    this.#path = path;
    this.#fd = openSync(path, O_PATH | constants.O_DIRECTORY | O_CLOEXEC);
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** O_PATH descriptor of `path` inside; undefined where it does not exist. The caller closes it. @throws SystemError, UNSUPPORTED */
  open(path: string, flags = 0): number | undefined {
    try {
      return sys().openat2(this.#fd, path === '' ? '/' : path, O_PATH | O_CLOEXEC | flags, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
      if (isErrno(error, 'ENOSYS')) {
        throw new SkiffError('UNSUPPORTED', 'this kernel has no openat2, without which the paths of an image can\'t be opened safely', { hint: 'Linux 5.6 or later is needed', cause: error });
      }
      throw error;
    }
  }

  /**
   * A whole regular file, at most `maxBytes`; undefined where it does not exist. FIFOs, devices and sockets are never opened,
   * so nothing here can block.
   * @throws CONFIG_INVALID for another kind of file or a larger one
   */
  readFile(path: string, maxBytes: number): Buffer | undefined {
    const handle = this.open(path);
    if (handle === undefined) return undefined;
    try {
      const stat = fstatSync(handle);
      if (!stat.isFile()) throw new SkiffError('CONFIG_INVALID', `read ${JSON.stringify(path)} of the container: not a regular file`);
      if (stat.size > maxBytes) throw new SkiffError('CONFIG_INVALID', `read ${JSON.stringify(path)} of the container: larger than ${maxBytes} bytes`);
      // Of the very file that was examined: the name is not looked up again.
      const fd = openSync(`/proc/self/fd/${handle}`, constants.O_RDONLY | constants.O_NONBLOCK | O_CLOEXEC);
      try {
        return readUpTo(fd, stat.size);
      } finally {
        closeSync(fd);
      }
    } finally {
      closeSync(handle);
    }
  }

  /** Where `fd`, opened below this root, really is, as a path inside it ("/" for the root itself). @throws INTERNAL where it is not below */
  locate(fd: number): string {
    const root = readlinkSync(`/proc/self/fd/${this.#fd}`);
    const path = readlinkSync(`/proc/self/fd/${fd}`);
    if (path === root) return '/';
    if (!path.startsWith(`${root}/`)) throw new SkiffError('INTERNAL', `${JSON.stringify(path)} is outside of ${JSON.stringify(this.#path)}`);
    return path.slice(root.length);
  }

  /** Makes one directory in the directory `parent` (a descriptor from open()), and gives it to `owner`. @throws SystemError EEXIST */
  makeDirectory(parent: number, name: string, mode: number, owner: { uid: number; gid: number }): void {
    sys().mkdirat(parent, name, mode);
    if (owner.uid !== 0 || owner.gid !== 0) {
      // Just made by us in a tree that no other process has mounted; opened as what it is, never through a link.
      const fd = sys().openat2(parent, name, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | O_CLOEXEC, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
      try {
        sys().fchown(fd, owner.uid, owner.gid);
      } finally {
        closeSync(fd);
      }
    }
  }
}

function readUpTo(fd: number, sizeBytes: number): Buffer {
  const buffer = Buffer.alloc(sizeBytes);
  let filled = 0;
  while (filled < sizeBytes) {
    const count = readSync(fd, buffer, filled, sizeBytes - filled, null);
    if (count === 0) break;
    filled += count;
  }
  return buffer.subarray(0, filled);
}
