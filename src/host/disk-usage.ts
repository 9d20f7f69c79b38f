/**
 * What files take on the disk, as du(1) counts it: blocks and not lengths, folders too, a file with several names once, nothing
 * of other file systems that are mounted below.
 */
import type { Stats } from 'node:fs';
import { statIfSeen, walk } from './walk.ts';

const blockBytes = 512; // of st_blocks, whatever the file system's own blocks are

/** Inodes that were counted already: one for all the trees that are measured together. */
export type Counted = Set<string>;

/**
 * Bytes of `path` and all below it; 0 where it is missing. What vanishes meanwhile, or may not be read, counts as nothing: inside
 * the user namespace everything of a rootless store may be.
 */
export function diskUsage(path: string, counted: Counted = new Set()): number {
  const top = statIfSeen(path);
  if (top === undefined) return 0;
  let bytes = count(top, counted);
  if (top.isDirectory()) {
    walk(path, (found) => {
      if (found.dev !== top.dev) return false;
      bytes += count(found, counted);
      return true;
    });
  }
  return bytes;
}

function count(found: Stats, counted: Counted): number {
  if (found.nlink > 1 && !found.isDirectory()) {
    const inode = `${found.dev}:${found.ino}`;
    if (counted.has(inode)) return 0;
    counted.add(inode);
  }
  return found.blocks * blockBytes;
}
