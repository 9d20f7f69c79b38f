/**
 * The tar of a container's upper folder: a new layer. Overlay's marks become whiteouts again; names in byte order, so that
 * equal folders give equal bytes. Runs in a worker that is pivoted into the folder: the container may be running and may swap
 * anything while we look.
 *
 * @see image-spec layer.md "Whiteouts"
 */
import { closeSync, constants, fstatSync, openSync, readSync, readdirSync, readlinkSync } from 'node:fs';
import { treeFiles } from '../../host/tree-files.ts';
import { isErrno, wrap } from '../../lib/errors.ts';
import type { EntryType } from '../tar/entry.ts';
import { fromNanoseconds, fromPath, noXattrs, showName, toPath } from '../tar/entry.ts';
import { opaqueMarker, whiteoutPrefix } from '../tar/names.ts';
import type { EntryToWrite } from '../tar/writer.ts';
import { encodeHeader, endOfArchive, paddingOf } from '../tar/writer.ts';
import { judgeXattr, opaqueXattr, trustedOpaqueXattr, valueToStore } from '../unpack/xattrs.ts';
import { Output } from './output.ts';

const S_IFMT = 0o170000;
const types: Readonly<Record<number, EntryType>> = { 0o010000: 'fifo', 0o020000: 'char', 0o040000: 'dir', 0o060000: 'block', 0o100000: 'file', 0o120000: 'symlink' };
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

type Stat = ReturnType<ReturnType<typeof treeFiles>['lstat']>;

/** `root`: "" in a pivoted worker. What vanishes while we look is left out. */
export function diffTar(root: string, outputFd: number): void {
  const packer = new Packer(root, new Output(outputFd));
  packer.folder('');
  packer.end();
}

class Packer {
  readonly #root: string;
  readonly #output: Output;
  readonly #firstNames = new Map<string, string>();
  readonly #buffer = Buffer.allocUnsafe(1024 * 1024);

  constructor(root: string, output: Output) {
    this.#root = root;
    this.#output = output;
  }

  folder(path: string): void {
    const names = this.#ifThere(() => readdirSync(this.#at(path), { encoding: 'buffer' })) ?? [];
    for (const name of names.toSorted(Buffer.compare)) {
      const text = fromPath(name);
      // Inside a container such a name is a file like any other, in a layer it would be a whiteout.
      if (!text.startsWith(whiteoutPrefix)) this.#member(path === '' ? text : `${path}/${text}`);
    }
  }

  end(): void {
    this.#output.write(endOfArchive);
    this.#output.flush();
  }

  #member(path: string): void {
    const stat = this.#ifThere(() => treeFiles().lstat(this.#at(path)));
    const type = stat === undefined ? undefined : types[stat.mode & S_IFMT];
    // Sockets are nothing without who made them.
    if (stat === undefined || type === undefined) return;
    if (type === 'char' && stat.rdev === 0) {
      const slash = path.lastIndexOf('/') + 1;
      this.#output.write(encodeHeader({ ...this.#plain(`${path.slice(0, slash)}${whiteoutPrefix}${path.slice(slash)}`, 'file', stat), mode: 0 }));
      return;
    }
    const first = type === 'dir' || stat.nlink === 1 ? undefined : this.#firstNames.get(stat.identity);
    if (first !== undefined) {
      this.#output.write(encodeHeader({ ...this.#plain(path, 'link', stat), linkName: first }));
      return;
    }
    if (type === 'file') this.#file(path);
    else this.#other(path, type, stat);
    if (type !== 'dir' && stat.nlink > 1) this.#firstNames.set(stat.identity, path);
  }

  #other(path: string, type: EntryType, stat: Stat): void {
    const xattrs = this.#xattrs(path);
    if (xattrs === undefined) return;
    const linkName = type === 'symlink' ? this.#ifThere(() => readlinkSync(this.#at(path), { encoding: 'buffer' })) : Buffer.alloc(0);
    if (linkName === undefined) return;
    const device = type === 'char' || type === 'block' ? deviceNumbers(stat.rdev) : { devMajor: 0, devMinor: 0 };
    this.#output.write(encodeHeader({ ...this.#plain(path, type, stat), ...device, linkName: fromPath(linkName), xattrs: xattrs.kept }));
    if (type !== 'dir') return;
    if (xattrs.opaque) this.#output.write(encodeHeader(this.#plain(`${path}/${opaqueMarker}`, 'file', stat)));
    this.folder(path);
  }

  /** Size and data of one open file, so that they fit each other whatever happens meanwhile. */
  #file(path: string): void {
    const fd = this.#ifThere(() => openSync(this.#at(path), openFlags));
    if (fd === undefined) return;
    try {
      const { size } = fstatSync(fd);
      const stat = treeFiles().lstat(this.#at(path));
      const xattrs = this.#xattrs(path);
      this.#output.write(encodeHeader({ ...this.#plain(path, 'file', stat), sizeBytes: size, xattrs: xattrs?.kept ?? noXattrs }));
      let left = size;
      while (left > 0) {
        const count = readSync(fd, this.#buffer, 0, Math.min(this.#buffer.length, left), null);
        if (count === 0) break;
        this.#output.write(this.#buffer.subarray(0, count));
        left -= count;
      }
      // It was cut while we read: what was promised is made up with zeros, as tar does.
      this.#output.zeros(left + paddingOf(size));
    } catch (error) {
      throw wrap(error, `read ${showName(path)}`);
    } finally {
      closeSync(fd);
    }
  }

  #plain(name: string, type: EntryType, stat: Stat): EntryToWrite {
    return {
      name, type, linkName: '', mode: stat.mode & 0o7777, uid: stat.uid, gid: stat.gid, sizeBytes: 0, mtime: fromNanoseconds(stat.mtimeNs), devMajor: 0, devMinor: 0, xattrs: noXattrs,
    };
  }

  /** Sorted by name; the overlay's own are left out. undefined where the file is gone. */
  #xattrs(path: string): { kept: Map<string, Buffer>; opaque: boolean } | undefined {
    return this.#ifThere(() => {
      const kept = new Map<string, Buffer>();
      let opaque = false;
      for (const raw of treeFiles().llistxattr(this.#at(path))) {
        const name = fromPath(raw);
        const value = treeFiles().lgetxattr(this.#at(path), raw);
        if (value === undefined) continue;
        if (judgeXattr(name) === 'store') kept.set(name, valueToStore(name, value));
        else if (name === opaqueXattr || name === trustedOpaqueXattr) opaque = value.toString() === 'y';
      }
      return { kept, opaque };
    });
  }

  #ifThere<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined;
      throw wrap(error, 'read container layer');
    }
  }

  #at(path: string): string | Buffer {
    return toPath(`${this.#root}/${path}`);
  }
}

/** glibc's encoding of dev_t. @see gnu_dev_major(3) */
function deviceNumbers(rdev: number): { devMajor: number; devMinor: number } {
  const wide = BigInt(rdev);
  return {
    devMajor: Number(((wide >> 8n) & 0xfffn) | ((wide >> 32n) & ~0xfffn)),
    devMinor: Number((wide & 0xffn) | ((wide >> 12n) & ~0xffn & 0xffffffffn)),
  };
}
