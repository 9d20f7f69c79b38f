/**
 * `mkdir -p`. Not node:fs's own: Node 20 takes ENOENT for a missing parent, makes the parents, and tries again until the answer is
 * another, which never comes below an existing folder in which nothing can be made (/proc, a removed working directory).
 */
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { isErrno } from '../lib/errors.ts';

/**
 * Makes the folder `path` and those above it that are missing, each with `mode` less the umask. One that is there, be it by a link,
 * stays as it is. @throws what mkdir(2) and stat(2) say: EEXIST and ENOTDIR where something else is in the way
 */
export function makeFolders(path: string, mode = 0o777): void {
  if (isFolder(path)) return;
  const above = dirname(path);
  if (above !== path) makeFolders(above, mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (!isErrno(error, 'EEXIST') || !isFolder(path)) throw error; // else another process was faster
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
