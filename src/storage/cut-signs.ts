/**
 * Whether anything tells of a command that was killed in the middle. Every change of several steps leaves a sign from its first
 * step to its last, so that those who find none need not look through the store:
 *   an unpack      its stage, and the lease of whoever wanted it          (stage.ts, lease.ts)
 *   rmi            removing-<image>, removed-<chain>                      (removal-notes.ts, gc.ts)
 *   create, rm     layerdb/mounts/<id> or containers/<id> without a record (container-layers.ts: made first, removed last); the first is locked
 *                  while its launcher's command has not come to it (helpers/launcher/ahead.c)
 *   a replaced file  its temporary name                                   (host/atomic-write.ts)
 */
import { lstatSync } from 'node:fs';
import { isTemporaryName } from '../host/atomic-write.ts';
import { isHeld } from '../host/locks.ts';
import { join } from '../lib/paths.ts';
import type { Store } from './index.ts';
import { listNames } from './layerdb.ts';
import { readLeases } from './lease.ts';
import { readStages } from './stage.ts';

/** A few listings and one lstat a container; nothing is opened where all is well. */
export function showsCut(store: Store): boolean {
  return showsCutUnpack(store) || showsCutContainer(store) || showsCutFile(store);
}

/** Folders in which files are replaced, other than containers' own. */
export function foldersOfReplacedFiles({ layout }: Store): string[] {
  return [layout.image, join(layout.image, 'imagedb', 'content', 'sha256'), layout.manifests, layout.own, layout.lists];
}

function showsCutUnpack(store: Store): boolean {
  const names = listNames(store.layout.layerdbTmp).filter((name) => !/^[0-9a-f]{64}\.lock$/.test(name));
  if (names.length === 0) return false;
  if (names.some((name) => name.startsWith('removing-') || name.startsWith('removed-'))) return true;
  return readLeases(store).some((lease) => lease.dead) || readStages(store).some((stage) => stage.dead)
    || names.some((name) => /^skiff-[0-9a-f]{64}$/.test(name) && !names.includes(`${name}.lock`));
}

function showsCutContainer({ layout }: Store): boolean {
  const recorded = (id: string): boolean => lstatSync(join(layout.containers, id, 'config.v2.json'), { throwIfNoEntry: false }) !== undefined;
  const containers = listNames(layout.containers);
  if (containers.some((name) => name.endsWith('.removing') || (/^[0-9a-f]{64}$/.test(name) && !recorded(name)))) return true;
  const known = new Set(containers);
  const mounts = join(layout.image, 'layerdb', 'mounts');
  return listNames(mounts).some((name) => !known.has(name) && !isHeld(join(mounts, name)));
}

function showsCutFile(store: Store): boolean {
  return foldersOfReplacedFiles(store).some((folder) => listNames(folder).some(isTemporaryName));
}
