/** Going through a tree by bytes of names and without following links. */
import type { Stats } from 'node:fs';
import { lstatSync, readdirSync } from 'node:fs';
import { isErrno } from '../lib/errors.ts';

/**
 * Calls `see` for everything below the folder, a folder before what is in it; goes into the folders for which it returns true. What
 * vanishes meanwhile, or may not be read, is passed over.
 */
export function walk(top: string, see: (found: Stats) => boolean): void {
  const folders: Buffer[] = [Buffer.from(top)];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const name of unlessHidden(() => readdirSync(folder as Buffer, { encoding: 'buffer' })) ?? []) {
      const path = Buffer.concat([folder, Buffer.from('/'), name]);
      const found = statIfSeen(path);
      if (found !== undefined && see(found) && found.isDirectory()) folders.push(path);
    }
  }
}

/** lstat(2); undefined where nothing is there, or nothing that we may look at. */
export function statIfSeen(path: string | Buffer): Stats | undefined {
  return unlessHidden(() => lstatSync(path, { throwIfNoEntry: false }));
}

function unlessHidden<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isErrno(error, 'EACCES', 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}
