/** What killed commands have left and the next sweep will take (gc.ts): for `system check` to tell of. */
import { lstatSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isErrno } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import type { Store } from './index.ts';
import { listLayerDirs } from './layer-dir.ts';
import { listLayers, listNames } from './layerdb.ts';
import { readLeases } from './lease.ts';
import { listMounts } from './references.ts';
import { pendingRemovals } from './removal-notes.ts';
import { tryHaveStoreAlone } from './sharing.ts';
import { readStages } from './stage.ts';
import { readOptional } from './_read-optional.ts';
import { layerdbFiles } from './layout.ts';

const attempts = 100;
const pauseMs = 50;

/**
 * Paths below the store's root, with what they are. undefined where other commands leave the store no rest: to tell their half-made
 * things from leftovers takes a moment in which nobody changes it. Costs a few listings where there is nothing.
 */
export async function findLeftovers(store: Store): Promise<string[] | undefined> {
  if (lstatSync(store.layout.names, { throwIfNoEntry: false }) === undefined || list(store).length === 0) return [];
  return whenQuiet(store, () => list(store));
}

/** What `look` sees in a moment in which nobody changes the store; undefined where there was none for five seconds. */
export async function whenQuiet<T>(store: Store, look: () => T): Promise<T | undefined> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const lock = tryHaveStoreAlone(store);
    if (lock !== undefined) {
      try {
        return look();
      } finally {
        lock.release();
      }
    }
    await delay(pauseMs);
  }
  return undefined;
}

/** Names under overlay2/ that no layer, no container and no layer in the making has. Without the lock, what is being removed counts, too. */
export function strayFolders(store: Store): string[] {
  const folders = listLayerDirs(store);
  const known = knownFolders(store, readStages(store).map(({ cacheID }) => cacheID));
  return folders.filter((id) => !known.has(id));
}

function knownFolders(store: Store, stages: readonly string[]): Set<string> {
  const known = new Set(stages);
  for (const mount of listMounts(store)) for (const folder of mount.folders) known.add(folder);
  for (const chainID of listLayers(store)) known.add(readOptional(join(store.layout.layer(chainID), layerdbFiles.cacheID)) ?? '');
  return known;
}

function list(store: Store): string[] {
  const { layout } = store;
  const folders = listLayerDirs(store); // before those who have them, as in gc.ts
  const stages = readStages(store);
  const mounts = listMounts(store);
  const known = knownFolders(store, stages.filter((stage) => !stage.dead).map(({ cacheID }) => cacheID));
  const recorded = (id: string): boolean => lstatSync(join(layout.container(id as never), 'config.v2.json'), { throwIfNoEntry: false }) !== undefined;
  return [
    ...folders.filter((id) => !known.has(id)).map((id) => `overlay2/${id}: a folder that no layer and no container has`),
    ...listNames(layout.links).filter((name) => leadsNowhere(join(layout.links, name), layout.links)).map((name) => `overlay2/l/${name}: leads nowhere`),
    ...stages.filter((stage) => stage.dead).map(({ cacheID }) => `image/overlay2/layerdb/tmp/skiff-${cacheID}: a layer that was never finished`),
    ...readLeases(store).filter((lease) => lease.dead).map(({ path }) => `${path.slice(store.root.length + 1)}: of a command that was killed`),
    ...pendingRemovals(store).map(({ path }) => `${path.slice(store.root.length + 1)}: a removal that was cut`),
    ...mounts.filter(({ abandoned }) => abandoned).map(({ container }) => `image/overlay2/layerdb/mounts/${container}: of a container that is not there`),
    ...listNames(layout.containers).filter((name) => name.endsWith('.removing') || (/^[0-9a-f]{64}$/.test(name) && !recorded(name))).map((name) => `containers/${name}: a container that is not all there`),
  ];
}

function leadsNowhere(path: string, links: string): boolean {
  try {
    return lstatSync(join(links, readlinkSync(path)), { throwIfNoEntry: false }) === undefined;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EINVAL')) return false;
    throw error;
  }
}
