/** Bind mounts, unmounting, and the flags of both. */
import { closeSync } from 'node:fs';
import { isErrno } from '../lib/errors.ts';
import { sys } from './sys.ts';

/** Flags of mount(2) and umount2(2). */
export const MS_RDONLY = 1;
export const MS_NOSUID = 2;
export const MS_NODEV = 4;
export const MS_NOEXEC = 8;
export const MS_REMOUNT = 32;
export const MS_BIND = 4096;
export const MS_REC = 16384;
export const MS_PRIVATE = 1 << 18;
export const MS_SLAVE = 1 << 19;
export const MNT_DETACH = 2;
export const UMOUNT_NOFOLLOW = 8;
/** For mount_setattr(2). */
const MOUNT_ATTR_RDONLY = 1;

/** Binds `source` on `target`, both existing and of the same kind. */
export function bindMount(source: string, target: string, options: { recursive?: boolean; readOnly?: boolean } = {}): void {
  const { recursive = false, readOnly = false } = options;
  sys().mount(source, target, '', MS_BIND | (recursive ? MS_REC : 0), '');
  if (!readOnly) return;
  try {
    makeReadOnly(target, recursive);
  } catch (error) {
    unmount(target, { lazy: true });
    throw error;
  }
}

/** Mounts on `target` what another mount namespace has at `path`: the same file system, so that both see what either writes. */
export function mountFromNamespace(namespaceFd: number, path: string, target: string): void {
  const fd = sys().borrowMount(namespaceFd, path);
  try {
    sys().attachMount(fd, target);
  } finally {
    closeSync(fd);
  }
}

/** Takes the mount at `target` off. `lazy`: at once for names, and for good when its last user has gone. A link is not followed. */
export function unmount(target: string, options: { lazy?: boolean } = {}): void {
  sys().umount2(target, UMOUNT_NOFOLLOW | (options.lazy === true ? MNT_DETACH : 0));
}

function makeReadOnly(target: string, recursive: boolean): void {
  try {
    sys().mountSetattr(target, MOUNT_ATTR_RDONLY, recursive);
  } catch (error) {
    if (recursive || !isErrno(error, 'ENOSYS')) throw error;
    // Linux 5.11. A remount sets all flags anew, and in a user namespace it may not take those away that the source came with.
    const inherited = sys().statfs(target).flags & (MS_NOSUID | MS_NODEV | MS_NOEXEC);
    sys().mount('', target, '', MS_REMOUNT | MS_BIND | MS_RDONLY | inherited, '');
  }
}
