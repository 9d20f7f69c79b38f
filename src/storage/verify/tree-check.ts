/**
 * Compares an unpacked tree with the members of its tar, as unpack/tree-writer.ts would have put them there. Runs in a worker that
 * is pivoted into the layer's diff folder; changes nothing.
 *
 * It accuses only where the archive leaves no doubt: of a name that comes twice the last member counts, and behind a symlink, where
 * a member lands elsewhere than its name says, nothing is said at all. Of times it is the last change that counts, as far as every file
 * system keeps it: a layer is only ever read, so nothing but damage changes it.
 */
import { closeSync, constants, lstatSync, openSync, readSync, readdirSync, readlinkSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { treeFiles } from '../../host/tree-files.ts';
import { isErrno } from '../../lib/errors.ts';
import type { TarEntry } from '../tar/entry.ts';
import { fromPath, showName, toPath } from '../tar/entry.ts';
import { targetOf } from '../tar/names.ts';
import type { TarHandler } from '../tar/scanner.ts';
import { isWhiteout } from '../unpack/whiteout.ts';
import { judgeXattr, opaqueXattr, trustedOpaqueXattr } from '../unpack/xattrs.ts';

/** What stat(2) shows for an id that the user namespace does not map: nothing can be said of that. */
const overflowID = 65534;
/** File systems round times, and some keep none outside of these. */
const timeStepSeconds = 1;
const lastSecond = 2 ** 31 - 1;
/** One damaged tree says the same a thousand times. */
export const maxFindings = 20;

const wantedType: Readonly<Record<string, (stat: Stats) => boolean>> = {
  file: (stat) => stat.isFile(), link: (stat) => !stat.isDirectory(), dir: (stat) => stat.isDirectory(), symlink: (stat) => stat.isSymbolicLink(), fifo: (stat) => stat.isFIFO(),
};

export class TreeCheck implements TarHandler {
  readonly #root: string;
  /** Every name that the archive brings, with the folders above it. */
  readonly #names = new Set<string>();
  readonly #links = new Set<string>();
  readonly #opaque = new Set<string>();
  readonly #whiteouts = new Set<string>();
  /** What looks wrong so far, by name: a later member of that name may be the reason. */
  readonly #suspects = new Map<string, string>();
  /** Names whose time alone looks wrong. */
  readonly #times = new Map<string, string>();
  /** Names that are hard links, by what they are links to. */
  readonly #linked = new Map<string, string[]>();
  /** A member landed elsewhere than its name says: then it may have replaced any other, and only the tar's digest tells. */
  #bent = false;
  /** What the members' headers say, all together. */
  tarSizeBytes = 0;
  #sparse: { readonly entry: TarEntry; readonly path: string; at: number; wrong: boolean } | undefined;

  /** `root`: "" in a pivoted worker. */
  constructor(root: string) {
    this.#root = root;
  }

  raw(): void {}

  entry(entry: TarEntry): void {
    const target = targetOf(entry.name);
    if (target.kind === 'meta') return;
    const { path } = target;
    if (this.#isBehindLink(path)) {
      this.#bent = true;
      return;
    }
    if (target.kind === 'opaque') {
      this.#addParents(`${path}/x`);
      this.#opaque.add(path);
      return;
    }
    this.#addParents(path);
    if (target.kind === 'whiteout') this.#whiteout(path);
    else this.#member(entry, path);
  }

  /** Of ordinary files the data comes from this very tree (pack/unsplit.ts). Of sparse ones it does not. */
  data(bytes: Buffer): void {
    const sparse = this.#sparse;
    if (sparse === undefined || sparse.wrong) return;
    sparse.wrong = !holdsFragments(this.#at(sparse.path), sparse.entry.sparse ?? [], sparse.at, bytes);
    sparse.at += bytes.length;
  }

  entryEnd(): void {
    if (this.#sparse?.wrong === true) this.#suspects.set(this.#sparse.path, 'has been changed');
    this.#sparse = undefined;
  }

  /** After the last member: walks the tree. Findings say what is wrong with which name, sorted, at most maxFindings. */
  finish(): string[] {
    if (this.#bent) return [];
    this.#walk('');
    for (const path of this.#opaque) if (!this.#isOpaque(path)) this.#suspects.set(path, 'does not hide the layers below any more');
    return [...this.#suspects].map(([path, what]) => `${showName(path === '' ? '/' : path)} ${what}`).toSorted().slice(0, maxFindings);
  }

  /** What has another time and is not explained by what was found: in itself or, for a folder, in what it holds. Sorted. */
  timesBeside(found: readonly string[]): string[] {
    if (this.#bent) return [];
    const isTold = (path: string): boolean => {
      const shown = showName(path);
      return path === '' ? found.length > 0 : found.some((line) => line.startsWith(`${shown} `) || line.startsWith(`${shown.slice(0, -1)}/`));
    };
    return [...this.#times].filter(([path]) => !isTold(path)).map(([path, what]) => `${showName(path === '' ? '/' : path)} ${what}`).toSorted();
  }

  #member(entry: TarEntry, path: string): void {
    this.tarSizeBytes += entry.sizeBytes;
    const known = this.#names.has(path);
    this.#suspects.delete(path);
    this.#times.delete(path);
    if (known && entry.type !== 'dir') this.#forgetBelow(path);
    // Links to what was there before go on having that.
    for (const link of this.#linked.get(path) ?? []) this.#suspects.delete(link);
    this.#linked.delete(path);
    this.#links.delete(path);
    if (this.#whiteouts.delete(path) && entry.type === 'dir') this.#opaque.add(path);
    this.#names.add(path);
    // Devices can't be made by a user; a store that root made has them.
    if (entry.type === 'char' || entry.type === 'block') return;
    if (entry.type === 'symlink') this.#links.add(path);
    const stat = this.#stat(path);
    const wrong = stat === undefined ? 'is missing' : this.#difference(entry, path, stat);
    const wrongTime = stat === undefined || entry.type === 'link' ? undefined : timeDifference(entry, stat);
    if (wrongTime !== undefined) this.#times.set(path, wrongTime);
    if (wrong !== undefined) this.#suspects.set(path, wrong);
    else if (entry.sparse !== undefined) this.#sparse = { entry, path, at: 0, wrong: false };
  }

  #whiteout(path: string): void {
    // It hides what the layers below have, never what this one brings.
    if (this.#names.has(path) && !this.#whiteouts.has(path)) {
      if (this.#stat(path)?.isDirectory() === true) this.#opaque.add(path);
      return;
    }
    this.#names.add(path);
    this.#whiteouts.add(path);
    const stat = this.#stat(path);
    if (stat === undefined || !isWhiteout(stat)) this.#suspects.set(path, stat === undefined ? 'is missing (a whiteout)' : 'is no whiteout any more');
  }

  #difference(entry: TarEntry, path: string, stat: Stats): string | undefined {
    if (wantedType[entry.type]?.(stat) === false) return `is no ${entry.type === 'dir' ? 'folder' : entry.type} any more`;
    if (entry.type === 'link') {
      const target = targetOf(entry.linkName);
      if (target.kind !== 'member' || this.#isBehindLink(target.path)) return undefined;
      this.#linked.set(target.path, [...(this.#linked.get(target.path) ?? []), path]);
      const other = this.#stat(target.path);
      return other === undefined || other.ino === stat.ino ? undefined : `is no hard link to ${showName(target.path)} any more`;
    }
    if ((stat.uid !== entry.uid && stat.uid !== overflowID) || (stat.gid !== entry.gid && stat.gid !== overflowID)) return `has owner ${stat.uid}:${stat.gid}, expected ${entry.uid}:${entry.gid}`;
    if (entry.type === 'symlink') return fromPath(readlinkSync(this.#at(path), { encoding: 'buffer' })) === entry.linkName ? undefined : 'leads elsewhere';
    const mode = stat.mode & 0o7777;
    // An access list is shown in the group's bits.
    if (mode !== entry.mode && !entry.xattrs.has('system.posix_acl_access')) return `has mode ${mode.toString(8)}, expected ${entry.mode.toString(8)}`;
    if (entry.type === 'file' && stat.size !== entry.sizeBytes) return `has ${stat.size} bytes, expected ${entry.sizeBytes}`;
    return entry.type === 'file' || entry.type === 'dir' ? this.#attributeDifference(entry, path) : undefined;
  }

  /** Only those whose keeping depends on nothing but the file system. */
  #attributeDifference(entry: TarEntry, path: string): string | undefined {
    for (const [name, value] of entry.xattrs) {
      if (!isTelling(name) || (name === capability && value.length !== 20)) continue;
      const found = this.#attribute(path, name);
      if (found === 'unsupported') continue;
      if (found === undefined || (name !== capability && !found.equals(value))) return `lacks its attribute ${showName(name)}`;
      if (name === capability && !sameCapability(found, value)) return `has another ${name}`;
    }
    const extra = treeFiles().llistxattr(this.#at(path)).map(fromPath).find((name) => isTelling(name) && !entry.xattrs.has(name));
    return extra === undefined ? undefined : `has the attribute ${showName(extra)}, which does not belong here`;
  }

  #walk(path: string): void {
    const folder = this.#at(path);
    for (const raw of readdirSync(folder, { encoding: 'buffer' })) {
      const name = fromPath(raw);
      const inner = path === '' ? name : `${path}/${name}`;
      if (!this.#names.has(inner)) {
        this.#suspects.set(inner, 'does not belong here');
        continue;
      }
      const stat = this.#stat(inner);
      if (stat?.isDirectory() !== true) continue;
      if (!this.#opaque.has(inner) && this.#isOpaque(inner)) this.#suspects.set(inner, 'hides the layers below');
      this.#walk(inner);
    }
  }

  #isOpaque(path: string): boolean {
    return [opaqueXattr, trustedOpaqueXattr].some((name) => {
      const value = this.#attribute(path, name);
      return value !== undefined && value !== 'unsupported' && value.toString() === 'y';
    });
  }

  #attribute(path: string, name: string): Buffer | 'unsupported' | undefined {
    try {
      return treeFiles().lgetxattr(this.#at(path), name);
    } catch (error) {
      if (isErrno(error, 'ENOTSUP', 'EOPNOTSUPP', 'EPERM')) return 'unsupported';
      if (isErrno(error, 'ENODATA', 'ENOENT', 'ENOTDIR')) return undefined;
      throw error;
    }
  }

  #isBehindLink(path: string): boolean {
    if (this.#links.size === 0) return false;
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) if (this.#links.has(path.slice(0, slash))) return true;
    return false;
  }

  /** The folders above a member are made where the archive did not bring them; one in the place of a whiteout is opaque. */
  #addParents(path: string): void {
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const folder = path.slice(0, slash);
      if (this.#names.has(folder) && !this.#whiteouts.has(folder)) return;
      this.#names.add(folder);
      if (!this.#whiteouts.delete(folder)) continue;
      this.#opaque.add(folder);
      this.#suspects.delete(folder);
    }
  }

  #forgetBelow(path: string): void {
    const below = `${path}/`;
    for (const set of [this.#names, this.#links, this.#opaque, this.#whiteouts]) for (const name of set) if (name.startsWith(below)) set.delete(name);
    for (const map of [this.#suspects, this.#times]) for (const name of map.keys()) if (name.startsWith(below)) map.delete(name);
    for (const [target, links] of this.#linked) if (target.startsWith(below)) for (const link of links) this.#suspects.delete(link);
    this.#opaque.delete(path);
  }

  #stat(path: string): Stats | undefined {
    try {
      return lstatSync(this.#at(path), { throwIfNoEntry: false });
    } catch (error) {
      if (isErrno(error, 'ENOTDIR', 'ELOOP')) return undefined;
      throw error;
    }
  }

  #at(path: string): string | Buffer {
    return toPath(`${this.#root}/${path}`);
  }
}

const capability = 'security.capability';

/** Not access lists, which a folder above may pass on, nor what belongs to the machine. */
function isTelling(name: string): boolean {
  return judgeXattr(name) === 'store' && (name.startsWith('user.') || name === capability);
}

/** The kernel shows the root whom it counts for as it sees fit; which capabilities, and whether they are effective, stays. */
function sameCapability(a: Buffer, b: Buffer): boolean {
  return a.length >= 20 && a.subarray(4, 20).equals(b.subarray(4, 20)) && ((a[0] ?? 0) & 1) === ((b[0] ?? 0) & 1);
}

function timeDifference({ mtime: { seconds, nanoseconds } }: TarEntry, stat: Stats): string | undefined {
  if (seconds < 0 || seconds > lastSecond) return undefined;
  const found = stat.mtimeMs / 1000;
  return Math.abs(found - (seconds + nanoseconds / 1e9)) < timeStepSeconds ? undefined : `has time ${new Date(stat.mtimeMs).toISOString().slice(0, 19)}Z, expected ${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}

/** True where the file has `bytes`, which begin `from` bytes into its fragments, at the places that the fragments name. */
function holdsFragments(file: string | Buffer, fragments: readonly { readonly offset: number; readonly length: number }[], from: number, bytes: Buffer): boolean {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const buffer = Buffer.allocUnsafe(bytes.length);
  try {
    let start = 0;
    for (const { offset, length } of fragments) {
      const low = Math.max(from, start);
      const high = Math.min(from + bytes.length, start + length);
      if (low < high) {
        const wanted = bytes.subarray(low - from, high - from);
        const count = readSync(fd, buffer, 0, wanted.length, offset + low - start);
        if (count !== wanted.length || !buffer.subarray(0, count).equals(wanted)) return false;
      }
      start += length;
    }
    return true;
  } finally {
    closeSync(fd);
  }
}
