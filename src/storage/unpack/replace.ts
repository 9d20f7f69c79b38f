/**
 * A later member takes the place of an earlier one. The earlier one's data is needed to put the archive together again, and
 * the tree is about to lose it: it is copied to the stash first, and tar-split is mended afterwards (mend-split.ts).
 */
import { closeSync, constants, lstatSync, openSync, readSync, readdirSync, realpathSync, rmdirSync, unlinkSync, writeSync } from 'node:fs';
import { fromPath, toPath } from '../tar/entry.ts';
import type { Overwritten } from './report.ts';

export class Replacer {
  readonly #root: string;
  readonly #stashFd: number;
  readonly #position: () => number;
  readonly #onRemoved: (path: string) => void;
  #stashed = 0;
  readonly overwritten: Overwritten[] = [];
  /** What the removed things counted in the layer's size. */
  removedBytes = 0;

  /** `position`: of the next line of tar-split. */
  constructor(root: string, stashFd: number, position: () => number, onRemoved: (path: string) => void) {
    this.#root = root;
    this.#stashFd = stashFd;
    this.#position = position;
    this.#onRemoved = onRemoved;
  }

  /** Takes `path` and all below it away. `real`: no link above it, so that `path` is the name tar-split has. */
  remove(path: string, real: boolean): void {
    const known = real ? path : this.#realName(path);
    this.#remove(path, known);
    this.#onRemoved(known);
  }

  #remove(path: string, known: string): void {
    const at = toPath(`${this.#root}/${path}`);
    const stat = lstatSync(at);
    if (stat.isDirectory()) {
      for (const name of readdirSync(at, { encoding: 'buffer' })) this.#remove(`${path}/${fromPath(name)}`, `${known}/${fromPath(name)}`);
      this.overwritten.push({ name: known, before: this.#position(), offset: 0, length: 0 });
      rmdirSync(at);
      return;
    }
    const offset = this.#stashed;
    if (stat.isFile()) this.#stash(at);
    this.overwritten.push({ name: known, before: this.#position(), offset, length: this.#stashed - offset });
    // Of a file with several names the size was counted once and stays until the last name goes.
    if ((stat.isFile() || stat.isSymbolicLink()) && stat.nlink === 1) this.removedBytes += stat.size;
    unlinkSync(at);
  }

  #stash(at: string | Buffer): void {
    const fd = openSync(at, constants.O_RDONLY | constants.O_NOFOLLOW);
    const buffer = Buffer.allocUnsafe(1024 * 1024);
    try {
      for (let count = readSync(fd, buffer, 0, buffer.length, null); count > 0; count = readSync(fd, buffer, 0, buffer.length, null)) {
        for (let done = 0; done < count;) done += writeSync(this.#stashFd, buffer, done, count - done, this.#stashed + done);
        this.#stashed += count;
      }
    } finally {
      closeSync(fd);
    }
  }

  #realName(path: string): string {
    const slash = path.lastIndexOf('/');
    const folder = realpathSync.native(toPath(`${this.#root}/${path.slice(0, slash)}`), { encoding: 'buffer' });
    return `${fromPath(folder).slice(this.#root.length + 1)}/${path.slice(slash + 1)}`.replace(/^\//, '');
  }
}
