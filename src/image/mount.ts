/**
 * Images mounted read-only for somebody to look at, inside `skiff unshare`: the mount lives in the mount namespace of that shell,
 * at <runtime dir>/image-mounts/<inode of the mount namespace>/<image>. What is mounted the kernel's table of mounts tells, that of a
 * process in the namespace: inodes are used again, so a folder may outlive its namespace and bear the name of another. When the
 * shell ends, the mounts are gone by themselves, and the folders go with the next look.
 */
import { existsSync, readFileSync, readlinkSync, rmdirSync } from 'node:fs';
import { namesIfThere } from '../host/if-there.ts';
import { makeFolders } from '../host/make-folders.ts';
import { bindMount, mountOverlay, unmount } from '../host/mounts.ts';
import { removeTree } from '../host/remove-tree.ts';
import { SkiffError, isErrno, wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import type { ImageID } from '../oci/ids.ts';
import { chainIDs, hexOf, parseImageID } from '../oci/ids.ts';
import { readImage } from '../storage/imagedb.ts';
import type { Store } from '../storage/index.ts';
import { lowersOf } from '../storage/layer-dir.ts';
import { readPlace } from '../storage/layerdb.ts';
import type { ImageUse } from './index.ts';
import { lockImages } from './lock.ts';

/** An image that is mounted in this process's mount namespace. */
export interface ImageMount { readonly image: ImageID; readonly mountPoint: string }

/** @throws UNSUPPORTED outside of the user namespace, where `what` could mount nothing that the caller would see */
export function requireInside(runtimeDir: string, what: string): void {
  const own = inode('/proc/self/ns/user');
  const inside = namesIfThere(join(runtimeDir, 'holders')).some((holder) => readText(join(runtimeDir, 'holders', holder)).trim() === own);
  if (!inside) throw new SkiffError('UNSUPPORTED', `cannot run command "skiff ${what}" in rootless mode, must execute \`skiff unshare\` first`, { hint: 'the mount can be seen in the shell that mounts it: skiff unshare' });
}

/** Mounts the image where it isn't mounted yet. Returns the folder. @throws IMAGE_UNKNOWN, STORE_CORRUPT, UNSUPPORTED (no overlay) */
export function mountImage(store: Store, runtimeDir: string, id: ImageID): string {
  // Until the folder tells of us, the image must not go.
  const lock = lockImages(store, 'shared');
  try {
    const target = join(ownFolder(runtimeDir), hexOf(id));
    if (ownMounts(runtimeDir).some(({ image }) => image === id)) return target;
    const top = chainIDs(readImage(store, id).config.rootfs.diff_ids).at(-1);
    for (;;) {
      makeFolders(target, 0o700);
      try {
        if (top === undefined) bindMount(target, target, { readOnly: true });
        else mountOverlay({ lower: lowersOf(store, readPlace(store, top).cacheID), target, overlayDir: store.layout.overlay });
        return target;
      } catch (error) {
        // Somebody's look took it for a leftover, as long as nothing was mounted on it.
        if (!existsSync(target)) continue;
        rmdirSync(target);
        throw wrap(error, `mount image ${id}`);
      }
    }
  } finally {
    lock.release();
  }
}

/** What is mounted in this mount namespace. */
export function ownMounts(runtimeDir: string): ImageMount[] {
  return mountsBelow(ownFolder(runtimeDir), 'self');
}

/** What a process sees mounted in the folder of its namespace; nothing where it has ended. */
function mountsBelow(path: string, pid: string): ImageMount[] {
  const folder = `${path}/`;
  const points = readText(`/proc/${pid}/mountinfo`).split('\n').map((line) => unescape(line.split(' ')[4] ?? ''));
  const images = new Set(points.filter((point) => point.startsWith(folder) && /^[0-9a-f]{64}$/.test(point.slice(folder.length))));
  return [...images].map((mountPoint) => ({ image: parseImageID(`sha256:${mountPoint.slice(folder.length)}`), mountPoint }));
}

/** Takes the mount off. `force`: at once, even while it is being looked at. @throws IO (EBUSY: somebody is in it) */
export function unmountImage({ image, mountPoint }: ImageMount, force: boolean): void {
  try {
    unmount(mountPoint, { lazy: force });
    rmdirSync(mountPoint);
  } catch (error) {
    throw wrap(error, `unmount image ${image}`);
  }
}

/** What is mounted in any mount namespace that somebody lives in. Removes the folders of those that nobody does. Costs one listing where nothing is mounted. */
export function mountedImages(runtimeDir: string): ImageUse[] {
  const top = join(runtimeDir, 'image-mounts');
  const folders = namesIfThere(top);
  if (folders.length === 0) return [];
  const living = livingNamespaces();
  return folders.flatMap((folder) => {
    const path = join(top, folder);
    // One that has ended meanwhile shows nothing; to remove what another sees mounted would unmount it there.
    for (const pid of living.get(folder) ?? []) {
      const mounts = mountsBelow(path, pid);
      if (mounts.length > 0) return mounts;
    }
    removeTree(path);
    return [];
  });
}

/** Inode -> the processes that live in that mount namespace. */
function livingNamespaces(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const pid of namesIfThere('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const namespace = inode(`/proc/${pid}/ns/mnt`);
      found.set(namespace, [...(found.get(namespace) ?? []), pid]);
    } catch (error) {
      // Ended, or somebody else's.
      if (!isErrno(error, 'ENOENT', 'EACCES', 'EPERM', 'ESRCH')) throw error;
    }
  }
  return found;
}

function ownFolder(runtimeDir: string): string {
  return join(runtimeDir, 'image-mounts', inode('/proc/self/ns/mnt'));
}

/** Of "mnt:[4026531841]". */
function inode(namespace: string): string {
  return readlinkSync(namespace).replace(/^.*\[(\d+)\]$/, '$1');
}

/** mountinfo writes blanks and the like as three octal digits. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH', 'EINVAL')) return ''; // also a process that has just ended
    throw error;
  }
}
