/**
 * Which overlay the store's file system and this kernel can do, found out by doing it. The verdict is kept in the runtime folder
 * (gone at boot) per file system and kernel, so that only the first command pays for it.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { SkiffError } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import { writeFileAtomic } from './atomic-write.ts';
import { findProgram } from './find-program.ts';
import { textIfThere } from './if-there.ts';
import { unmount } from './bind-mount.ts';
import { mountKernelOverlay } from './overlay-kernel.ts';
import { removeTree } from './remove-tree.ts';
import { session } from './session.ts';
import { sys } from './sys.ts';

export type OverlayDriver = 'kernel' | 'fuse';

/** The driver for a store. @throws UNSUPPORTED where there is none */
export function overlayDriver(overlayDir: string): OverlayDriver {
  const key = fileSystemKey(overlayDir);
  const file = join(session().runtimeDir, 'overlay-driver.json');
  const known = readVerdicts(file);
  const verdict = known[key];
  if (verdict !== undefined) return verdict;
  const failure = probeKernelOverlay(overlayDir);
  if (failure !== undefined && (findProgram('fuse-overlayfs') === undefined || !existsSync('/dev/fuse'))) {
    throw new SkiffError('UNSUPPORTED', `the file system of ${JSON.stringify(overlayDir)} can't hold an overlay: ${failure}`, { hint: 'install the package fuse-overlayfs, or choose another place with --root' });
  }
  const driver = failure === undefined ? 'kernel' : 'fuse';
  writeFileAtomic(file, JSON.stringify({ ...known, [key]: driver }), { sync: false });
  return driver;
}

/**
 * Mounts an overlay below `dir` and removes a file of its lower layer: that takes user xattrs, whiteouts, and a work folder on this very
 * file system. Undefined where all went well, else why not. Leaves nothing behind.
 */
export function probeKernelOverlay(dir: string): string | undefined {
  const place = mkdtempSync(join(dir, '.probe-'));
  const target = join(place, 'merged');
  let mounted = false;
  try {
    for (const name of ['lower', 'upper', 'work', 'merged']) mkdirSync(join(place, name), { mode: 0o700 });
    writeFileSync(join(place, 'lower', 'file'), '');
    mountKernelOverlay({ lower: ['lower'], upper: join(place, 'upper'), work: join(place, 'work'), target, overlayDir: place });
    mounted = true;
    unlinkSync(join(target, 'file'));
    const whiteout = statSync(join(place, 'upper', 'file'));
    return whiteout.isCharacterDevice() && whiteout.rdev === 0 ? undefined : 'no whiteout was made for a removed file';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    if (mounted) unmount(target, { lazy: true });
    removeTree(place);
  }
}

function fileSystemKey(dir: string): string {
  const { dev } = statSync(dir);
  return `${dev}:${sys().statfs(dir).type.toString(16)}:${readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim()}`;
}

function readVerdicts(file: string): Record<string, OverlayDriver> {
  const text = textIfThere(file);
  if (text === undefined) return {};
  try {
    const value = JSON.parse(text) as unknown;
    const entries = Object.entries(typeof value === 'object' && value !== null ? value : {});
    return Object.fromEntries(entries.filter((entry): entry is [string, OverlayDriver] => entry[1] === 'kernel' || entry[1] === 'fuse'));
  } catch {
    return {}; // unreadable: probed and written anew
  }
}
