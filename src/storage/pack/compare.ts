/**
 * What differs between two stacks of layers, as a mount of each would show it. Runs in a worker that is pivoted into overlay2/.
 *
 * @see moby pkg/archive/changes.go (what counts as a change; a folder counts where something in it does)
 */
import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { isErrno } from '../../lib/errors.ts';
import type { ImageFolder } from '../image-tree.ts';
import { imageRoot, lookUp } from '../image-tree.ts';
import type { Change } from '../index.ts';
import { whiteoutPrefix } from '../tar/names.ts';

/** Absolute paths as the worker sees them, topmost first, at least one each. In byte order, a folder before what is in it. */
export function compareStacks(from: readonly string[], to: readonly string[]): Change[] {
  const changes: Change[] = [];
  compareFolders(imageRoot(from), imageRoot(to), '', changes);
  return changes;
}

interface Entry { readonly path: string; readonly stat: Stats; readonly folder: ImageFolder | undefined }

function compareFolders(from: ImageFolder | undefined, to: ImageFolder, path: string, changes: Change[]): void {
  for (const name of namesIn(from, to)) {
    const old = from === undefined ? undefined : find(from, name);
    const now = find(to, name);
    const inner = `${path}/${name}`;
    if (now === undefined) {
      if (old !== undefined) changes.push({ kind: 'deleted', path: inner });
      continue;
    }
    const own: Change = { kind: old === undefined ? 'added' : 'changed', path: inner };
    const below: Change[] = [];
    if (now.folder !== undefined) compareFolders(old?.folder, now.folder, inner, below);
    if (old === undefined || below.length > 0 || differs(old, now)) changes.push(own, ...below);
  }
}

function namesIn(...folders: (ImageFolder | undefined)[]): string[] {
  const names = new Set(folders.flatMap((folder) => folder?.parts ?? []).flatMap((part) => readdirSync(part)));
  return [...names].filter((name) => !name.startsWith(whiteoutPrefix)).toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function find(folder: ImageFolder, name: string): Entry | undefined {
  const found = lookUp(folder, name);
  if (found.kind === 'missing') return undefined;
  if (found.kind === 'folder') return { path: found.folder.parts[0] as string, stat: found.folder.stat, folder: found.folder };
  for (const part of folder.parts) {
    const path = `${part}/${name}`;
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat !== undefined) return { path, stat, folder: undefined };
  }
  return undefined;
}

/** A file counts by what its inode says, as Docker has it; the same inode of a layer that both have never differs. */
function differs(a: Entry, b: Entry): boolean {
  if (a.path === b.path) return false;
  const [one, two] = [a.stat, b.stat];
  if (one.mode !== two.mode || one.uid !== two.uid || one.gid !== two.gid || one.rdev !== two.rdev) return true;
  if (a.folder !== undefined) return false;
  return one.size !== two.size || one.mtimeMs !== two.mtimeMs || (one.isSymbolicLink() && target(a.path) !== target(b.path));
}

function target(path: string): string {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EINVAL')) return '';
    throw error;
  }
}
