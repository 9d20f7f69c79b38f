/** The kernel's overlay in a user namespace: Linux 5.11 and newer, marks in user.* attributes. */
import { closeSync, constants, openSync } from 'node:fs';
import { relative } from 'node:path';
import { isErrno, wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import { sys } from './sys.ts';

export interface OverlayMount {
  /** Layers, topmost first, relative to overlayDir ('l/ABC…'): absolute names of 128 layers would not fit in a page. */
  lower: readonly string[];
  /** Absolute. Without upper and work the mount is read-only. */
  upper?: string;
  work?: string;
  /** Absolute, an existing folder. */
  target: string;
  overlayDir: string;
  /**
   * Shows other owners than the disk has, without touching a file: fuse-overlayfs's mapping "DISK:SHOWN:COUNT:…". Only fuse-overlayfs
   * can, so giving it chooses that driver.
   */
  idMapping?: { uid: string; gid: string };
  /**
   * For what nobody wants after a power cut: fsync inside does nothing, and the last unmount does not write the whole disk's dirty
   * pages (20 to 200 ms on a busy one). Only the kernel's driver has it. @see overlayfs.rst "Volatile mount"
   */
  volatile?: boolean;
}

/** The mark of a volatile mount below the work folder: the kernel refuses to mount over it again until it is gone. */
export const volatileMark = join('work', 'incompat');

/** Node has no name for it. The same number on every architecture that Node knows. @see open(2) */
const O_PATH = 0o10000000;

/** The kernel's overlay. @throws what mount throws */
export function mountKernelOverlay(request: OverlayMount): void {
  // By descriptor: the current folder may have lost its name, or lie where its path leads this process nowhere. By the link in /proc, which
  // leads to it also where this user may not look it up (sudo -u, in root's home).
  const before = openSync('/proc/self/cwd', O_PATH | constants.O_DIRECTORY);
  try {
    process.chdir(request.overlayDir); // relative layers are looked up from the current folder, once, now
    // index=off as Docker sets it: an upper dir may be mounted again after its lower layers were copied to other inodes.
    sys().mount('overlay', request.target, 'overlay', 0, `index=off,userxattr,${request.volatile === true ? 'volatile,' : ''}${overlayOptions(request)}`);
  } catch (error) {
    throw wrap(error, `mount overlay on ${JSON.stringify(request.target)}`);
  } finally {
    goBack(before);
    closeSync(before);
  }
}

/** Where it could be entered by who started us only, no path that begins there has led anywhere before: then "/" is as good. */
function goBack(folder: number): void {
  try {
    process.chdir(`/proc/self/fd/${folder}`);
  } catch (error) {
    if (!isErrno(error, 'EACCES')) throw error;
    process.chdir('/');
  }
}

/** lowerdir, upperdir and workdir, as short as they can be said from overlayDir. */
export function overlayOptions(request: OverlayMount): string {
  const parts = [`lowerdir=${request.lower.map(escape).join(':')}`];
  for (const [name, path] of [['upperdir', request.upper], ['workdir', request.work]] as const) {
    if (path === undefined) continue;
    const short = relative(request.overlayDir, path);
    parts.push(`${name}=${escape(short.startsWith('..') ? path : short)}`);
  }
  return parts.join(',');
}

/** The kernel splits options at commas and layers at colons; a backslash takes that meaning away,
 * for libfuse and fuse-overlayfs too. @see overlayfs.rst "Multiple lower layers" */
function escape(path: string): string {
  return path.replace(/[\\,:]/g, '\\$&');
}
