/**
 * What a container changed against its image: a walk through the upper folder, each name looked up in the layers below. Runs in
 * a worker that is pivoted into overlay2/, where it can see the store's layers and nothing else.
 *
 * @see moby pkg/archive/changes.go (the order and what counts as a change)
 */
import { readdirSync } from 'node:fs';
import { treeFiles } from '../../host/tree-files.ts';
import { isErrno } from '../../lib/errors.ts';
import type { ImageFolder } from '../image-tree.ts';
import { imageRoot, lookUp } from '../image-tree.ts';
import type { Change } from '../index.ts';
import { fromPath, toPath } from '../tar/entry.ts';
import { whiteoutPrefix } from '../tar/names.ts';

export interface ChangesResult {
  /** In byte order, a folder before what is in it. */
  changes: Change[];
  /** Sum of file sizes and link lengths in the upper folder, hard links once. */
  sizeBytes: number;
}

const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const S_IFCHR = 0o020000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;

/** Absolute paths as the worker sees them; `lowers` topmost first, maybe none. */
export function findChanges(upper: string, lowers: readonly string[]): ChangesResult {
  const found: ChangesResult = { changes: [], sizeBytes: 0 };
  walk(upper, '', lowers.length === 0 ? undefined : imageRoot(lowers), found, new Set());
  return found;
}

/** `below`: the same folder in the image; undefined where it has none. */
function walk(upper: string, path: string, below: ImageFolder | undefined, found: ChangesResult, seen: Set<string>): void {
  for (const raw of ifThere(() => readdirSync(toPath(`${upper}/${path}`), { encoding: 'buffer' }).toSorted(Buffer.compare)) ?? []) {
    const name = fromPath(raw);
    if (name.startsWith(whiteoutPrefix)) continue;
    const inner = path === '' ? name : `${path}/${name}`;
    const stat = ifThere(() => treeFiles().lstat(toPath(`${upper}/${inner}`)));
    if (stat === undefined) continue;
    const type = stat.mode & S_IFMT;
    const old = below === undefined ? undefined : lookUp(below, name);
    const existed = old !== undefined && old.kind !== 'missing';
    const shown = `/${Buffer.from(inner, 'latin1').toString('utf8')}`;
    if (type === S_IFCHR && stat.rdev === 0) {
      if (existed) found.changes.push({ kind: 'deleted', path: shown });
      continue;
    }
    found.changes.push({ kind: existed ? 'changed' : 'added', path: shown });
    if ((type === S_IFREG || type === S_IFLNK) && !seen.has(stat.identity)) {
      seen.add(stat.identity);
      found.sizeBytes += stat.size;
    }
    if (type === S_IFDIR) walk(upper, inner, old?.kind === 'folder' ? old.folder : undefined, found, seen);
  }
}

function ifThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined;
    throw error;
  }
}
