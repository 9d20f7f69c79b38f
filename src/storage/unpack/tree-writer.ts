/**
 * Members of a layer's tar onto the disk, and the rest into tar-split. Synchronous calls throughout: they are what the time is
 * spent in, and one process does one layer.
 *
 * Runs in a worker that is pivoted into the layer's diff folder (root ""), so no name can reach outside. Nothing is ever
 * opened through a link at its last part, nothing is overwritten in place: a member that meets another one replaces it.
 */
import { closeSync, constants, ftruncateSync, linkSync, lstatSync, mkdirSync, openSync, symlinkSync, unlinkSync, writeSync } from 'node:fs';
import { treeFiles } from '../../host/tree-files.ts';
import { SkiffError, isErrno, isSystemError, wrap } from '../../lib/errors.ts';
import { Crc64 } from '../tar/crc64.ts';
import type { TarEntry } from '../tar/entry.ts';
import { showName, toPath } from '../tar/entry.ts';
import type { TarHandler } from '../tar/scanner.ts';
import type { SplitWriter } from '../tar/split.ts';
import { hostile, targetOf } from '../tar/names.ts';
import { Attributes } from './attributes.ts';
import { FileData } from './file-data.ts';
import { Parents } from './parents.ts';
import { Replacer } from './replace.ts';
import type { TreeReport } from './report.ts';
import { Notes } from './report.ts';
import { isWhiteout, makeOpaque, makeWhiteout } from './whiteout.ts';

const createFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const S_IFIFO = 0o010000;

/** Where the data of the member at hand goes. */
type Sink =
  /** To a new file; the tree keeps it, tar-split keeps its sum. */
  | { kind: 'tree'; fd: number; crc: Crc64; file: FileData }
  /** To a new file and, because the tree can't give it back as it was stored, into tar-split. */
  | { kind: 'both'; fd: number; at: number; fragment: number; inFragment: number }
  /** Into tar-split only. */
  | { kind: 'raw' };

export interface TreeWriterOptions {
  /** "" in a pivoted worker; a folder in tests of trusted archives. */
  root: string;
  split: SplitWriter;
  /** For data of overwritten files; read and written at explicit positions. */
  stashFd: number;
}

export class TreeWriter implements TarHandler {
  readonly #root: string;
  readonly #split: SplitWriter;
  readonly #notes = new Notes();
  readonly #parents: Parents;
  readonly #replacer: Replacer;
  readonly #attributes: Attributes;
  #entry: TarEntry | undefined;
  #path = '';
  #sink: Sink = { kind: 'raw' };
  /** Whether tar-split gets a line for the member: not for names that it has, or may have, already. */
  #listed = false;
  #entries = 0;

  constructor({ root, split, stashFd }: TreeWriterOptions) {
    this.#root = root;
    this.#split = split;
    this.#attributes = new Attributes(root, this.#notes);
    this.#parents = new Parents(root, (path) => makeOpaque(this.#at(path)));
    this.#replacer = new Replacer(root, stashFd, () => split.position, (path) => {
      this.#attributes.forget(path);
      this.#parents.forget();
    });
  }

  /** Entries so far. */
  get entries(): number {
    return this.#entries;
  }

  raw(bytes: Buffer): void {
    this.#split.raw(bytes);
  }

  /** @throws ARCHIVE_INVALID, NO_SPACE, SUBID_MISSING, IO */
  entry(entry: TarEntry): void {
    this.#entry = entry;
    this.#entries++;
    this.#sink = { kind: 'raw' };
    this.#listed = false;
    try {
      this.#place(entry);
    } catch (error) {
      throw this.#explain(error, entry);
    }
  }

  data(bytes: Buffer): void {
    const sink = this.#sink;
    try {
      if (sink.kind === 'tree') {
        sink.crc.update(bytes);
        sink.file.write(bytes);
        return;
      }
      this.#split.raw(bytes);
      if (sink.kind === 'both') this.#writeFragments(sink, bytes);
    } catch (error) {
      throw this.#explain(error, this.#entry as TarEntry);
    }
  }

  entryEnd(): void {
    const entry = this.#entry as TarEntry;
    const sink = this.#sink;
    try {
      if (sink.kind === 'tree') sink.file.end();
      if (sink.kind !== 'raw') {
        this.#attributes.setFile(sink.fd, this.#path, entry);
        closeSync(sink.fd);
      }
    } catch (error) {
      throw this.#explain(error, entry);
    }
    const sum = sink.kind === 'tree' && entry.sizeBytes > 0 ? sink.crc.digest() : undefined;
    if (sum !== undefined) this.#split.file(entry.name, entry.sizeBytes, sum);
    else if (this.#listed) this.#split.file(entry.name, 0, undefined);
    this.#sink = { kind: 'raw' };
  }

  /** After the scanner's end: folders get what had to wait. */
  finish(): TreeReport {
    this.#split.end();
    this.#attributes.finishFolders();
    return { sizeBytes: this.#attributes.sizeBytes - this.#replacer.removedBytes, entries: this.#entries, notes: this.#notes.list(), overwritten: this.#replacer.overwritten };
  }

  #place(entry: TarEntry): void {
    const target = targetOf(entry.name);
    if (target.kind === 'meta') return;
    if (target.kind !== 'member') {
      // Old layers have them as hard links to one marker file.
      if (entry.type !== 'file' && entry.type !== 'link') throw hostile(entry.name, `is a whiteout of type ${entry.type}`);
      this.#whiteout(entry, target.kind, target.path);
      return;
    }
    const { path } = target;
    this.#path = path;
    if (path === '') {
      if (entry.type !== 'dir') throw hostile(entry.name, `would replace the root by a ${entry.type}`);
      this.#attributes.setFolder('', entry);
      return;
    }
    const real = this.#parents.prepare(path);
    switch (entry.type) {
      case 'file': this.#file(entry, path, real); return;
      case 'dir': this.#folder(entry, path, real); return;
      case 'symlink':
        if (entry.linkName === '' || entry.linkName.includes('\0')) throw hostile(entry.name, 'is a link to nothing');
        this.#create(path, real, () => symlinkSync(toPath(entry.linkName), this.#at(path)));
        this.#attributes.setOther(path, entry, entry.linkName.length);
        return;
      case 'link': this.#link(entry, path, real); return;
      case 'fifo':
        this.#create(path, real, () => treeFiles().mknod(this.#at(path), S_IFIFO | (entry.mode & 0o777), 0, 0));
        this.#attributes.setOther(path, entry, 0);
        return;
      // The kernel lets no user namespace make devices (but 0:0, which would be a whiteout in disguise): skipped, as the
      // peers do; /dev is a fresh mount in every container. Their headers stay in tar-split.
      case 'char': case 'block': this.#notes.add(`device node ${showName(path)} skipped`);
    }
  }

  #file(entry: TarEntry, path: string, real: boolean): void {
    const fd = this.#create(path, real, () => openSync(this.#at(path), createFlags, entry.mode & 0o777));
    if (real && entry.sparse === undefined) {
      this.#sink = { kind: 'tree', fd, crc: new Crc64(), file: new FileData(fd, entry.sizeBytes) };
      return;
    }
    if (entry.sparse !== undefined) ftruncateSync(fd, entry.sizeBytes);
    this.#sink = { kind: 'both', fd, at: 0, fragment: 0, inFragment: 0 };
  }

  #writeFragments(sink: Sink & { kind: 'both' }, bytes: Buffer): void {
    const fragments = (this.#entry as TarEntry).sparse ?? [{ offset: 0, length: Infinity }];
    for (let at = 0; at < bytes.length;) {
      const fragment = fragments[sink.fragment];
      if (fragment === undefined) throw new SkiffError('ARCHIVE_INVALID', 'more data than the sparse map has room for');
      const count = Math.min(bytes.length - at, fragment.length - sink.inFragment);
      for (let done = 0; done < count;) done += writeSync(sink.fd, bytes, at + done, count - done, fragment.offset + sink.inFragment + done);
      at += count;
      sink.inFragment += count;
      if (sink.inFragment === fragment.length) {
        sink.fragment++;
        sink.inFragment = 0;
      }
    }
  }

  #folder(entry: TarEntry, path: string, real: boolean): void {
    const at = this.#at(path);
    try {
      mkdirSync(at, entry.mode & 0o777);
      this.#listed = real;
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
      const there = lstatSync(at);
      if (!there.isDirectory()) {
        const hid = isWhiteout(there);
        this.#replacer.remove(path, real);
        mkdirSync(at, entry.mode & 0o777);
        if (hid) makeOpaque(at);
      }
    }
    if (real) this.#parents.add(path);
    this.#attributes.setFolder(path, entry);
  }

  #link(entry: TarEntry, path: string, real: boolean): void {
    const target = targetOf(entry.linkName);
    if (target.kind !== 'member' || target.path === '' || target.path === path) throw hostile(entry.name, `is a hard link to ${showName(entry.linkName)}`);
    const from = this.#at(target.path);
    const there = lstatSync(from, { throwIfNoEntry: false });
    if (there === undefined || there.isDirectory() || isWhiteout(there)) throw hostile(entry.name, `is a hard link to ${showName(entry.linkName)}, which is no file of this layer`);
    this.#create(path, real, () => linkSync(from, this.#at(path)));
  }

  #whiteout(entry: TarEntry, kind: 'whiteout' | 'opaque', path: string): void {
    const real = this.#parents.prepare(kind === 'opaque' ? `${path}/x` : path);
    if (!real) throw hostile(entry.name, 'is a whiteout behind a link');
    const at = this.#at(path);
    if (kind === 'opaque') {
      makeOpaque(at);
      return;
    }
    try {
      makeWhiteout(at);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
      // A whiteout hides what the layers below have, never what this layer brings (image-spec layer.md "Whiteouts").
      if (lstatSync(at).isDirectory()) makeOpaque(at);
    }
  }

  /** Makes a new name; what is there makes way. A name that is made anew is not listed again. */
  #create<T>(path: string, real: boolean, make: () => T): T {
    try {
      const made = make();
      this.#listed = real;
      return made;
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
    }
    const at = this.#at(path);
    if (isWhiteout(lstatSync(at))) unlinkSync(at);
    else this.#replacer.remove(path, real);
    return make();
  }

  #at(path: string): string | Buffer {
    return toPath(`${this.#root}/${path}`);
  }

  #explain(error: unknown, entry: TarEntry): SkiffError {
    if (error instanceof SkiffError) return error;
    if (isSystemError(error) && ['ENAMETOOLONG', 'ELOOP', 'ENOTDIR', 'EFBIG'].includes(error.code)) return hostile(entry.name, `can't be stored (${error.code})`);
    return wrap(error, `unpack ${showName(entry.name)}`);
  }
}

