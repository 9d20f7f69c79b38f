/**
 * The init layer: between image and container, it holds the mount points which every container gets and which the image
 * lacks, so that they show up neither in `diff` nor in `commit`.
 *
 * Only names the image lacks are made, and only in real folders: where the image has a symlink on the way, nothing is made (the
 * OCI runtime then makes the mount point, by its own safe rules).
 *
 * @see moby daemon/initlayer/setup_unix.go
 */
import { chmodSync, lchownSync, lutimesSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Found, ImageFolder } from './image-tree.ts';
import { imageRoot, lookUp } from './image-tree.ts';

const mode = 0o755;

type Wanted = { kind: 'folder' } | { kind: 'file' } | { kind: 'link'; target: string };

const mountPoints: readonly (readonly [path: string, what: Wanted])[] = [
  ['dev', { kind: 'folder' }], ['dev/pts', { kind: 'folder' }], ['dev/shm', { kind: 'folder' }], ['dev/console', { kind: 'file' }],
  ['proc', { kind: 'folder' }], ['sys', { kind: 'folder' }],
  ['etc', { kind: 'folder' }], ['etc/hosts', { kind: 'file' }], ['etc/hostname', { kind: 'file' }], ['etc/resolv.conf', { kind: 'file' }],
  ['etc/mtab', { kind: 'link', target: '/proc/mounts' }],
];

/** Fills the init layer's diff folder. `imageDiffs`: the image's diff folders, topmost first; none for a container without image. */
export function fillInitLayer(diff: string, imageDiffs: readonly string[]): void {
  const root = imageDiffs.length === 0 ? undefined : imageRoot(imageDiffs);
  if (root !== undefined) likeFolder(diff, root);
  const seen = new Map<string, Found>([['', root === undefined ? { kind: 'missing' } : { kind: 'folder', folder: root }]]);
  const made = new Set<string>(['']);
  for (const [path, what] of mountPoints) {
    const slash = path.indexOf('/');
    const above = slash < 0 ? '' : path.slice(0, slash);
    const parent = seen.get(above) as Found;
    const found: Found = parent.kind === 'folder' ? lookUp(parent.folder, path.slice(slash + 1)) : { kind: 'missing' };
    seen.set(path, found);
    if (found.kind !== 'missing' || parent.kind === 'other') continue;
    if (!made.has(above)) {
      mkdirSync(join(diff, above));
      if (parent.kind === 'folder') likeFolder(join(diff, above), parent.folder);
      made.add(above);
    }
    make(join(diff, path), what);
    if (what.kind === 'folder') made.add(path);
  }
  // New names changed the times of the folders that were made to look like the image's.
  for (const path of made) {
    const found = seen.get(path);
    if (found?.kind === 'folder') likeTimes(join(diff, path), found.folder);
  }
}

function make(path: string, what: Wanted): void {
  switch (what.kind) {
    case 'folder': mkdirSync(path, { mode }); break;
    case 'file': writeFileSync(path, '', { mode, flag: 'wx' }); break;
    case 'link': symlinkSync(what.target, path); return;
  }
  // The usual umask takes nothing from this mode.
  if ((process.umask() & mode) !== 0) chmodSync(path, mode);
}

/** An upper folder gives the merged one its owner, mode and times: as the kernel does when it copies one up. */
function likeFolder(path: string, folder: ImageFolder): void {
  lchownSync(path, folder.stat.uid, folder.stat.gid);
  chmodSync(path, folder.stat.mode & 0o7777);
}

function likeTimes(path: string, folder: ImageFolder): void {
  lutimesSync(path, folder.stat.atime, folder.stat.mtime);
}
