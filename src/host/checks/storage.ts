/** The store's filesystem and the overlay on it. */
import { existsSync, mkdirSync, mkdtempSync, writeFileSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { join } from '../../lib/paths.ts';
import { unmount } from '../bind-mount.ts';
import { config } from '../config/index.ts';
import { findProgram } from '../find-program.ts';
import { mountFuseOverlay } from '../overlay-fuse.ts';
import { probeKernelOverlay } from '../overlay-probe.ts';
import { removeTree } from '../remove-tree.ts';
import { session } from '../session.ts';
import { sys } from '../sys.ts';
import { filesystemVerdict } from './filesystems.ts';
import { type Check, fail, ok, type Verdict, warn } from './index.ts';
import { installCommand } from './packages.ts';

/** The store's folder, or the nearest one above it that exists: looking must not make it. */
function nearest(path: string): string {
  return existsSync(path) ? path : nearest(dirname(path));
}

function filesystem(): Verdict {
  const place = nearest(config().root);
  return filesystemVerdict(sys().statfs(place).type, place);
}

const gibibyte = 1024n ** 3n;

function space(): Verdict {
  const { bavail, bsize, files, ffree } = sys().statfs(nearest(config().root));
  const free = bavail * BigInt(bsize);
  const text = `${free / gibibyte} GiB free${files > 0n ? `, ${ffree} inodes` : ''}`;
  return free < gibibyte || (files > 0n && ffree < 10_000n) ? warn(text, 'free some space there, or choose another place with --root') : ok(text);
}

function overlay(): Verdict {
  if (session().userns.kind !== 'entered') return fail('not tried without a user namespace');
  const place = nearest(config().root);
  const failure = probeKernelOverlay(place);
  if (failure === undefined) return ok('the kernel mounts it');
  const fuse = probeFuseOverlay(place);
  if (fuse === undefined) return warn(`by fuse-overlayfs, which is slower; the kernel can't: ${failure}`);
  return fail(`neither the kernel (${failure}) nor fuse-overlayfs (${fuse}) mounts it`, 'choose a directory on a local disk (ext4, xfs, btrfs) with --root');
}

/** Mounts one, reads through it, takes it off. Undefined where that went well. */
function probeFuseOverlay(dir: string): string | undefined {
  const place = mkdtempSync(join(dir, '.probe-'));
  const target = join(place, 'merged');
  let mounted = false;
  try {
    for (const name of ['lower', 'upper', 'work', 'merged']) mkdirSync(join(place, name), { mode: 0o700 });
    writeFileSync(join(place, 'lower', 'file'), 'shown');
    mountFuseOverlay({ lower: ['lower'], upper: join(place, 'upper'), work: join(place, 'work'), target, overlayDir: place });
    mounted = true;
    return readFileSync(join(target, 'file'), 'utf8') === 'shown' ? undefined : 'a file of the lower layer reads wrongly';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    if (mounted) unmount(target, { lazy: true });
    removeTree(place);
  }
}

function fuseOverlay(): Verdict {
  if (findProgram('fuse-overlayfs') === undefined) return warn('not installed: --userns keep-id will not work', installCommand('fuse-overlayfs'));
  if (session().userns.kind !== 'entered') return warn('not tried without a user namespace');
  const failure = probeFuseOverlay(nearest(config().root));
  if (failure === undefined) return ok('mounts');
  return warn(`${failure}: --userns keep-id will not work`, existsSync('/dev/fuse') ? 'sudo chmod 666 /dev/fuse' : 'sudo modprobe fuse');
}

export const storageChecks: readonly Check[] = [
  { group: 'storage', title: 'filesystem', run: filesystem },
  { group: 'storage', title: 'space', run: space },
  { group: 'storage', title: 'overlay', run: overlay },
  { group: 'storage', title: 'fuse-overlayfs', run: fuseOverlay },
];
