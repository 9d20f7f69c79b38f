/**
 * The volumes that containers bring along: volumes/<name>/_data. A missing one is made; an empty one is filled once from what
 * the image has at its place (copy-up).
 *
 * Copy-up never writes through a name that a running container could swap: everything is staged beside _data, where no
 * container sees it, and then moved in entry by entry; rename(2) follows no link in the last component, and _data itself is
 * nobody's to replace. The source is read from the mounted root filesystem of a container that does not run yet, its path resolved
 * inside that root (CVE class "volumes and state mix-ups").
 */
import { chmodSync, chownSync, closeSync, constants, lstatSync, mkdtempSync, readdirSync, renameSync } from 'node:fs';
import { makeFolders } from '../host/make-folders.ts';
import { isErrno, SkiffError, wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import { acquire } from '../host/locks.ts';
import { RootHandle } from '../host/in-root.ts';
import { removeTree } from '../host/remove-tree.ts';
import { runSync } from '../host/run.ts';
import { treeFiles } from '../host/tree-files.ts';
import type { Context } from './index.ts';
import type { Mount } from './model.ts';

type VolumeMount = Extract<Mount, { kind: 'volume' }>;

const dataFolder = '_data';
const lockFile = '.lock';

/** Makes the folder of a volume. Idempotent. Returns its data folder. */
export function ensureVolume(context: Context, name: string): string {
  const data = join(context.store.layout.volumes, name, dataFolder);
  try {
    makeFolders(data, 0o755);
  } catch (error) {
    throw wrap(error, `create volume "${name}"`);
  }
  return data;
}

/** Volume names become folders. @throws NAME_INVALID */
export function checkVolumeName(name: string): void {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name) && name.length <= 255) return;
  throw new SkiffError('NAME_INVALID', `volume name ${JSON.stringify(name.slice(0, 300))}: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument`);
}

/** Makes the volume and fills it from the image where it is empty. `rootfs` is mounted and its container does not run. */
export function prepareVolume(context: Context, mount: VolumeMount, rootfs: string): void {
  const data = ensureVolume(context, mount.name);
  if (mount.options.includes('nocopy') || !isEmpty(data)) return;
  const root = new RootHandle(rootfs);
  let source: number | undefined;
  try {
    source = root.open(mount.destination, constants.O_DIRECTORY);
    if (source !== undefined) copyUp(context, mount.name, join(rootfs, root.locate(source)), data);
  } catch (error) {
    throw wrap(error, `fill volume "${mount.name}" from ${JSON.stringify(mount.destination)} of the image`);
  } finally {
    if (source !== undefined) closeSync(source);
    root.close();
  }
}

function copyUp(context: Context, name: string, source: string, data: string): void {
  const folder = join(context.store.layout.volumes, name);
  const lock = acquire(join(folder, lockFile), 'exclusive');
  const staging = mkdtempSync(join(folder, '.fill-'));
  try {
    if (!isEmpty(data)) return; // somebody else was first
    const { mode, uid, gid } = lstatSync(source);
    // cp keeps owners, times, links between files, extended attributes and holes; -P on what it is given, so no link is followed.
    const done = runSync(['cp', '-a', '--', `${source}/.`, staging]);
    if (done.exitCode !== 0) throw new SkiffError('IO', done.stderr.toString().trim().split('\n')[0] ?? 'cp failed');
    for (const entry of readdirSync(staging)) treeFiles().renameNoReplace(join(staging, entry), join(data, entry));
    chownSync(data, uid, gid);
    chmodSync(data, mode & 0o7777);
  } finally {
    removeTree(staging);
    lock.release();
  }
}

function isEmpty(folder: string): boolean {
  return readdirSync(folder).length === 0;
}

/** Takes a volume away, its name first. Idempotent. */
export function removeVolume(context: Context, name: string): void {
  const folder = join(context.store.layout.volumes, name);
  const going = `${folder}.removing`;
  try {
    renameSync(folder, going);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw wrap(error, `remove volume "${name}"`);
  }
  removeTree(going);
}

/** The folders of a container's anonymous volumes: they go with it where that was asked for. */
export function anonymousVolumes(context: Context, mounts: readonly Mount[]): string[] {
  return mounts.flatMap((mount) => (mount.kind === 'volume' && mount.anonymous ? [join(context.store.layout.volumes, mount.name)] : []));
}
