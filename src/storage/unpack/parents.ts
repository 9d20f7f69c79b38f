/**
 * The folders above a member: makes those the archive did not mention, and finds out whether a symlink is among them.
 *
 * Links are followed, as tar and the peers do: in a pivoted worker they can't lead out. But what lies behind a link
 * can't be found again by name when the link is replaced, so tar-split must not rely on it.
 */
import { lstatSync, mkdirSync, statSync, unlinkSync } from 'node:fs';
import { isErrno } from '../../lib/errors.ts';
import { toPath } from '../tar/entry.ts';
import { hostile } from '../tar/names.ts';
import { isWhiteout } from './whiteout.ts';

/** Folders known to be real ones; forgotten when there are very many. */
const maxKnown = 20_000;

export class Parents {
  readonly #root: string;
  readonly #onReplacedWhiteout: (path: string) => void;
  readonly #known = new Set<string>(['']);

  /** `onReplacedWhiteout`: a folder took the place of a whiteout, so it must be opaque. */
  constructor(root: string, onReplacedWhiteout: (path: string) => void) {
    this.#root = root;
    this.#onReplacedWhiteout = onReplacedWhiteout;
  }

  /** Makes sure that the folder of `path` exists. True where every part of it is a real folder. @throws ARCHIVE_INVALID where a part is neither folder nor link */
  prepare(path: string): boolean {
    const slash = path.lastIndexOf('/');
    return slash < 0 || this.#real(path.slice(0, slash), path);
  }

  /** A real folder has just been made or seen at `path`. */
  add(path: string): void {
    if (this.#known.size >= maxKnown) this.forget();
    this.#known.add(path);
  }

  /** Something was taken away: what was known may be wrong. */
  forget(): void {
    this.#known.clear();
    this.#known.add('');
  }

  #real(folder: string, member: string): boolean {
    if (this.#known.has(folder)) return true;
    const slash = folder.lastIndexOf('/');
    const above = slash < 0 || this.#real(folder.slice(0, slash), member);
    const path = toPath(`${this.#root}/${folder}`);
    let stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat !== undefined && isWhiteout(stat)) {
      unlinkSync(path);
      stat = undefined;
      mkdirSync(path, 0o755);
      this.#onReplacedWhiteout(folder);
    } else if (stat === undefined) {
      this.#make(path, member);
    } else if (stat.isSymbolicLink()) {
      this.#followable(path, member);
      return false;
    } else if (!stat.isDirectory()) {
      throw hostile(member, 'has a parent that is not a folder');
    }
    if (above) this.add(folder);
    return above;
  }

  #make(path: string | Buffer, member: string): void {
    try {
      mkdirSync(path, 0o755);
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw hostile(member, 'has a parent that leads nowhere');
      throw error;
    }
  }

  /** A link to a folder of this layer will do; one to a file or to nothing is refused, as tar and Docker refuse it. */
  #followable(path: string | Buffer, member: string): void {
    try {
      if (statSync(path).isDirectory()) return;
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw error;
    }
    throw hostile(member, 'has a parent that is a link to no folder');
  }
}
