/**
 * Taking away what nothing refers to.
 *
 * `deleteLayers` is the deliberate one, after an image was removed. `sweep` is the opportunistic one, for what killed
 * commands left: it needs the store for itself and gives up at once where it can't have it.
 *
 * A layer that nothing refers to is not garbage by that alone: Docker's build cache lives in layerdb, too, known only to
 * BuildKit's own database. So layers are swept only where a dead lease or a cut removal names them; folders under overlay2/
 * that neither layerdb nor a container knows are swept always.
 */
import { lstatSync, renameSync, rmSync } from 'node:fs';
import { isTemporaryName } from '../host/atomic-write.ts';
import { linkIfThere } from '../host/if-there.ts';
import { isHeld, tryAcquire } from '../host/locks.ts';
import { randomHex } from '../host/random.ts';
import { removeTree } from '../host/remove-tree.ts';
import { wrap } from '../lib/errors.ts';
import { log } from '../lib/log.ts';
import { join } from '../lib/paths.ts';
import type { ChainID } from '../oci/ids.ts';
import { hexOf } from '../oci/ids.ts';
import { tryLockChain } from './chain-lock.ts';
import { removeContainerLayer } from './container-layers.ts';
import { foldersOfReplacedFiles, showsCut } from './cut-signs.ts';
import { forgetLayerSources, sweepLayerSources } from './distribution.ts';
import type { Store } from './index.ts';
import { listLayerDirs, removeLayerDir } from './layer-dir.ts';
import { hasLayer, listLayers, listNames, readCacheID, readPlace, readParent } from './layerdb.ts';
import { readLeases } from './lease.ts';
import { hasChildren, heldLayers, listMounts } from './references.ts';
import { pendingRemovals } from './removal-notes.ts';
import { readStages, removeDeadStage } from './stage.ts';
import { whileShared, tryHaveStoreAlone } from './sharing.ts';

/**
 * Removes `top` and then each layer below it, as far as nothing refers to them: no image, no container, no layer above, no
 * operation under way. Returns what is gone, topmost first. Inside the user namespace.
 */
export function deleteLayers(store: Store, top: ChainID): ChainID[] {
  return whileShared(store, () => {
    const gone: ChainID[] = [];
    for (let at: ChainID | undefined = top; at !== undefined && hasLayer(store, at);) {
      const parent: ChainID | undefined = readParent(store, at);
      if (!deleteLayer(store, at)) break;
      gone.push(at);
      at = parent;
    }
    for (const note of pendingRemovals(store)) if (note.top === top) rmSync(note.path, { force: true });
    return gone;
  });
}

/** False where something refers to it. */
function deleteLayer(store: Store, chainID: ChainID): boolean {
  const lock = tryLockChain(store, chainID);
  if (lock === undefined) return false;
  try {
    if (!hasLayer(store, chainID) || hasChildren(store, chainID) || heldLayers(store).has(chainID)) return false;
    const { cacheID, diffID } = readPlace(store, chainID);
    // One rename ends it; what is left after a cut is garbage that the sweeper knows by name and by what nothing knows.
    const grave = join(store.layout.layerdbTmp, `removed-${hexOf(chainID)}-${randomHex(4)}`);
    renameSync(store.layout.layer(chainID), grave);
    removeLayerDir(store, cacheID);
    rmSync(grave, { recursive: true, force: true });
    forgetLayerSources(store, diffID);
    return true;
  } finally {
    lock.release();
  }
}

const sweptRoots = new Set<string>();

/**
 * The sweep at the start of a command that changes the store: at most once in a process, and only where something tells of a
 * cut. Failing to sweep is not the command's failure.
 */
export function sweepOnce(store: Store): void {
  if (sweptRoots.has(store.root)) return;
  sweptRoots.add(store.root);
  try {
    if (showsCut(store)) sweep(store);
  } catch (error) {
    log.warn(error instanceof Error ? error.message : String(error));
  }
}

export interface Swept {
  /** Names under overlay2/ that are gone. */
  readonly folders: string[];
  readonly layers: ChainID[];
}

/**
 * Removes what killed commands left: dead stages and leases, the layers these name, containers that were never recorded or are
 * half-removed, unknown folders and short names, temporary files, locks and records of layers that went. undefined where somebody is changing the store: nothing was
 * done. Costs a few listings where there is nothing to do. Inside the user namespace.
 */
export function sweep(store: Store): Swept | undefined {
  if (lstatSync(store.layout.names, { throwIfNoEntry: false }) === undefined) return { folders: [], layers: [] };
  const lock = tryHaveStoreAlone(store);
  if (lock === undefined) return undefined;
  try {
    const swept: Swept = { folders: [], layers: [] };
    sweepContainers(store);
    sweepLayers(store, swept);
    sweepFolders(store, swept);
    sweepNames(store);
    sweepLayerSources(store);
    return swept;
  } catch (error) {
    throw wrap(error, 'sweep store');
  } finally {
    lock.release();
  }
}

function sweepContainers(store: Store): void {
  for (const name of listNames(store.layout.containers)) {
    const path = join(store.layout.containers, name);
    const recorded = lstatSync(join(path, 'config.v2.json'), { throwIfNoEntry: false }) !== undefined;
    if (name.endsWith('.removing') || (/^[0-9a-f]{64}$/.test(name) && !recorded)) removeTree(path);
  }
  for (const { container, abandoned } of listMounts(store)) if (abandoned) removeContainerLayer(store, container);
  // The first step of a launcher's that was cut before the second.
  const mounts = join(store.layout.image, 'layerdb', 'mounts');
  for (const name of listNames(mounts)) if (name.endsWith('.new') && !isHeld(join(mounts, name))) removeTree(join(mounts, name));
}

function sweepLayers(store: Store, swept: Swept): void {
  const leases = readLeases(store).filter((lease) => lease.dead);
  const notes = pendingRemovals(store);
  const named = [...leases.flatMap((lease) => lease.made), ...notes.flatMap((note) => note.top ?? [])];
  // From the top down: a layer goes when nothing stands on it any more, so once more for each that went.
  for (let before = -1; before !== swept.layers.length;) {
    before = swept.layers.length;
    for (const chainID of named) {
      for (let at: ChainID | undefined = chainID; at !== undefined && hasLayer(store, at);) {
        const parent: ChainID | undefined = readParent(store, at);
        if (!deleteLayer(store, at)) break;
        swept.layers.push(at);
        at = parent;
      }
    }
  }
  for (const { path } of [...leases, ...notes]) rmSync(path, { force: true });
  for (const stage of readStages(store)) if (stage.dead) removeDeadStage(stage);
  for (const name of listNames(store.layout.layerdbTmp)) {
    const path = join(store.layout.layerdbTmp, name);
    if (name.startsWith('removed-')) rmSync(path, { recursive: true, force: true });
    else if (/^[0-9a-f]{64}\.lock$/.test(name)) removeFreeLock(path);
    // Its lock went with a stage that was cut while it was being discarded.
    else if (/^skiff-[0-9a-f]{64}$/.test(name) && lstatSync(`${path}.lock`, { throwIfNoEntry: false }) === undefined) rmSync(path, { recursive: true, force: true });
  }
}

/** Who waits for a lock whose file goes away notices and starts over (host/locks.ts). */
function removeFreeLock(path: string): void {
  const lock = tryAcquire(path, 'exclusive');
  if (lock === undefined) return;
  rmSync(path, { force: true });
  lock.release();
}

function sweepFolders(store: Store, swept: Swept): void {
  // Looked for before those who have them: a launcher may be at work, which makes what names its folders first.
  const folders = listLayerDirs(store);
  const known = new Set<string>();
  for (const chainID of listLayers(store)) known.add(readCacheID(store, chainID) ?? '');
  for (const mount of listMounts(store)) for (const folder of mount.folders) known.add(folder);
  for (const stage of readStages(store)) known.add(stage.cacheID);
  for (const id of folders) {
    if (known.has(id)) continue;
    removeLayerDir(store, id);
    swept.folders.push(id);
  }
}

function sweepNames(store: Store): void {
  const { layout } = store;
  for (const name of listNames(layout.links)) {
    const path = join(layout.links, name);
    if (!/^[A-Z2-7]{26}$/.test(name)) continue;
    const target = linkIfThere(path);
    if (target !== undefined && lstatSync(join(layout.links, target), { throwIfNoEntry: false }) === undefined) rmSync(path, { force: true });
  }
  for (const folder of foldersOfReplacedFiles(store)) {
    for (const name of listNames(folder)) if (isTemporaryName(name)) rmSync(join(folder, name), { force: true });
  }
}
