/**
 * Looking into an image without mounting it: one name at a time through its layers, topmost first, with the overlay's rules
 * (whiteouts, opaque folders) and never through a symlink. For the handful of names that the init layer asks about, this is
 * a tenth of the price of a mount.
 *
 * @see Documentation/filesystems/overlayfs.rst "Upper and Lower", "whiteouts and opaque directories"
 */
import type { Stats } from 'node:fs';
import { lstatSync } from 'node:fs';
import { treeFiles } from '../host/tree-files.ts';
import { isErrno } from '../lib/errors.ts';
import { isWhiteout } from './unpack/whiteout.ts';
import { opaqueXattr, trustedOpaqueXattr } from './unpack/xattrs.ts';

/** A folder of the image: the same folder in each layer that has it, topmost first. */
export interface ImageFolder {
  /** Absolute paths on the host. */
  readonly parts: readonly string[];
  /** Of the topmost part, which is what the overlay shows. */
  readonly stat: Stats;
}

export type Found = { kind: 'missing' } | { kind: 'folder'; folder: ImageFolder } | { kind: 'other' };

/** The image's root. `diffs`: absolute paths of the layers' diff folders, topmost first, at least one. */
export function imageRoot(diffs: readonly string[]): ImageFolder {
  return { parts: diffs, stat: lstatSync(diffs[0] as string) };
}

/** What the image has under `name` (one component) in `folder`. */
export function lookUp(folder: ImageFolder, name: string): Found {
  const parts: string[] = [];
  let top: Stats | undefined;
  for (const part of folder.parts) {
    const path = `${part}/${name}`;
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    if (isWhiteout(stat)) break;
    // A file hides what is below it, and below a folder it is hidden.
    if (!stat.isDirectory()) {
      if (top === undefined) return { kind: 'other' };
      break;
    }
    top ??= stat;
    parts.push(path);
    if (isOpaque(path)) break;
  }
  return top === undefined ? { kind: 'missing' } : { kind: 'folder', folder: { parts, stat: top } };
}

function isOpaque(path: string): boolean {
  return [opaqueXattr, trustedOpaqueXattr].some((name) => {
    try {
      return treeFiles().lgetxattr(path, name)?.toString() === 'y';
    } catch (error) {
      // trusted.* is hidden from user namespaces, and some file systems keep no user.*: then nothing is opaque.
      if (isErrno(error, 'ENODATA', 'ENOTSUP', 'EOPNOTSUPP', 'EPERM')) return false;
      throw error;
    }
  });
}
