/**
 * Whiteouts on disk: a character device 0:0 hides a name, the attribute user.overlay.opaque=y on a folder hides all that
 * the layers below have in it. Both can be made in a user namespace and both are what the kernel's overlay and
 * fuse-overlayfs read.
 *
 * @see Documentation/filesystems/overlayfs.rst "whiteouts and opaque directories"
 */
import type { Stats } from 'node:fs';
import { treeFiles } from '../../host/tree-files.ts';
import { opaqueXattr } from './xattrs.ts';

const S_IFCHR = 0o020000;

/** The only device that rootless storage can hold, so it is always a whiteout. */
export function isWhiteout(stat: Pick<Stats, 'isCharacterDevice' | 'rdev'>): boolean {
  return stat.isCharacterDevice() && stat.rdev === 0;
}

/** @throws EEXIST where something is there */
export function makeWhiteout(path: string | Buffer): void {
  treeFiles().mknod(path, S_IFCHR, 0, 0);
}

export function makeOpaque(folder: string | Buffer): void {
  treeFiles().lsetxattr(folder, opaqueXattr, Buffer.from('y'));
}
