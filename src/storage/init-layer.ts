/**
 * The init layer: between image and container, it holds the mount points which every container gets and which the image
 * lacks, so that they show up neither in `diff` nor in `commit`.
 *
 * Only names the image lacks are made, and only in real folders: where the image has a symlink on the way, nothing is made (the
 * OCI runtime then makes the mount point, by its own safe rules).
 *
 * @see moby daemon/initlayer/setup_unix.go
 */
import { chmodSync, lchownSync, lutimesSync, mkdirSync, rmdirSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from '../lib/paths.ts';
import type { Found, ImageFolder } from './image-tree.ts';
import { imageRoot, lookUp } from './image-tree.ts';

const mode = 0o755;

export type MountPoint = { kind: 'folder' } | { kind: 'file' } | { kind: 'link'; target: string };

/** Paths of one or two components, what holds others first. The launcher makes them too (helpers/mount-points.h, generated of this). */
export const mountPoints: readonly (readonly [path: string, what: MountPoint])[] = [
  ['dev', { kind: 'folder' }], ['dev/pts', { kind: 'folder' }], ['dev/shm', { kind: 'folder' }], ['dev/console', { kind: 'file' }],
  ['proc', { kind: 'folder' }], ['sys', { kind: 'folder' }],
  ['etc', { kind: 'folder' }], ['etc/hosts', { kind: 'file' }], ['etc/hostname', { kind: 'file' }], ['etc/resolv.conf', { kind: 'file' }],
  ['etc/mtab', { kind: 'link', target: '/proc/mounts' }],
];

/**
 * Fills the init layer's diff folder. `imageDiffs`: the image's diff folders, topmost first; none for a container without image.
 * `full`: all mount points are there already (ahead.ts), and those that the image has are removed.
 */
export function fillInitLayer(diff: string, imageDiffs: readonly string[], full = false): void {
  const root = imageDiffs.length === 0 ? undefined : imageRoot(imageDiffs);
  const { found, wanted } = lookAt(root);
  if (full) for (const [path, what] of mountPoints.toReversed()) if (!wanted.has(path)) unmake(join(diff, path), what);
  const like = [...wanted.keys(), ''].flatMap((path) => {
    const there = found.get(path);
    return there?.kind === 'folder' ? [{ path: join(diff, path), folder: there.folder }] : [];
  });
  if (!full) for (const [path, what] of wanted) make(join(diff, path), what);
  for (const { path, folder } of like) likeFolder(path, folder);
}

/** What the image has at each mount point and at the root (''), and what is to be made: folders above others first. */
function lookAt(root: ImageFolder | undefined): { found: ReadonlyMap<string, Found>; wanted: ReadonlyMap<string, MountPoint> } {
  const found = new Map<string, Found>([['', root === undefined ? { kind: 'missing' } : { kind: 'folder', folder: root }]]);
  const wanted = new Map<string, MountPoint>();
  for (const [path, what] of mountPoints) {
    const slash = path.indexOf('/');
    const above = slash < 0 ? '' : path.slice(0, slash);
    const parent = found.get(above) as Found;
    const there: Found = parent.kind === 'folder' ? lookUp(parent.folder, path.slice(slash + 1)) : { kind: 'missing' };
    found.set(path, there);
    if (there.kind !== 'missing' || parent.kind === 'other') continue;
    if (above !== '') wanted.set(above, { kind: 'folder' });
    wanted.set(path, what);
  }
  return { found, wanted };
}

function make(path: string, what: MountPoint): void {
  switch (what.kind) {
    case 'folder': mkdirSync(path, { mode }); break;
    case 'file': writeFileSync(path, '', { mode, flag: 'wx' }); break;
    case 'link': symlinkSync(what.target, path); return;
  }
  // The usual umask takes nothing from this mode.
  if ((process.umask() & mode) !== 0) chmodSync(path, mode);
}

function unmake(path: string, { kind }: MountPoint): void {
  if (kind === 'folder') rmdirSync(path);
  else unlinkSync(path);
}

/** An upper folder gives the merged one its owner, mode and times: as the kernel does when it copies one up. To be called when it is filled. */
function likeFolder(path: string, { stat }: ImageFolder): void {
  lchownSync(path, stat.uid, stat.gid);
  chmodSync(path, stat.mode & 0o7777);
  lutimesSync(path, stat.atime, stat.mtime);
}
