/**
 * A layer in the making: overlay2/<cache-id>/, to be filled by a worker, and layerdb/tmp/skiff-<cache-id>/, which becomes
 * layerdb/sha256/<chainID>/ by one rename. layerdb/tmp/skiff-<cache-id>.lock is held as long as its maker lives: with the lock
 * gone and the folder still there, both are garbage.
 */
import { closeSync, constants, mkdirSync, openSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncDir, syncFile } from '../host/atomic-write.ts';
import { isThere } from '../host/if-there.ts';
import type { Lock } from '../host/locks.ts';
import { acquire, isHeld } from '../host/locks.ts';
import { makeFolders } from '../host/make-folders.ts';
import { treeFiles } from '../host/tree-files.ts';
import { wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import type { CacheID, ChainID, DiffID } from '../oci/ids.ts';
import { parseCacheID } from '../oci/ids.ts';
import type { Store } from './index.ts';
import { lowersOf, makeLayerDir, markCommitted, newCacheID, removeLayerDir } from './layer-dir.ts';
import { hasLayer, listNames } from './layerdb.ts';
import { layerFiles, layerdbFiles } from './layout.ts';
import { whileShared } from './sharing.ts';

export interface Stage {
  readonly cacheID: CacheID;
  /** Absolute: to be filled with the layer's tree. */
  readonly diff: string;
  /** Absolute: the folder that becomes the layerdb entry. */
  readonly folder: string;
  readonly lock: Lock;
  /** Set by publishStage and discardStage: there is nothing left to discard. */
  done?: boolean;
}

export interface LayerFacts { readonly chainID: ChainID; readonly diffID: DiffID; readonly parent: ChainID | undefined; readonly sizeBytes: number }

/** Makes the folders. `below`: cache-id of the layer it will stand on, which may be a stage itself. @throws NO_SPACE, PERMISSION, IO */
export function openStage(store: Store, below: CacheID | undefined): Stage {
  const cacheID = newCacheID();
  const folder = join(store.layout.layerdbTmp, `skiff-${cacheID}`);
  return whileShared(store, () => {
    const lock = acquire(`${folder}.lock`, 'exclusive');
    const stage: Stage = { cacheID, folder, lock, diff: join(store.layout.layerDir(cacheID), layerFiles.diff) };
    try {
      mkdirSync(folder, { mode: 0o755 });
      makeLayerDir(store, cacheID, below === undefined ? [] : lowersOf(store, below));
    } catch (error) {
      discardStage(store, stage);
      throw wrap(error, 'store layer');
    }
    return stage;
  });
}

/** Creates a file in the stage's metadata folder, open for reading and writing. */
export function openStageFile(stage: Stage, name: string): number {
  return openSync(join(stage.folder, name), constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o644);
}

/** The same, without a name: gone when it is closed. */
export function openUnnamedFile(stage: Stage): number {
  const fd = openStageFile(stage, 'stash');
  unlinkSync(join(stage.folder, 'stash'));
  return fd;
}

/** Writes what layerdb says of the layer. Not synced. */
export function describeStage(store: Store, stage: Stage, facts: LayerFacts): void {
  const write = (name: string, text: string): void => writeFileSync(join(stage.folder, name), text, { mode: 0o644 });
  try {
    write(layerdbFiles.diff, facts.diffID);
    write(layerdbFiles.cacheID, stage.cacheID);
    write(layerdbFiles.size, String(facts.sizeBytes));
    if (facts.parent !== undefined) write(layerdbFiles.parent, facts.parent);
    markCommitted(store, stage.cacheID);
  } catch (error) {
    throw wrap(error, 'store layer');
  }
}

/** Puts all that was written to the store's file systems on the disk: once for any number of stages. */
export function syncStages(store: Store, stages: readonly Stage[]): void {
  if (stages.length === 0) return;
  // The tree has too many files for an fsync each; the file system as a whole is one call. layerdb may be on another.
  const fd = openSync(store.layout.overlay, constants.O_RDONLY);
  try {
    treeFiles().syncfs(fd);
  } finally {
    closeSync(fd);
  }
  for (const stage of stages) {
    for (const name of listNames(stage.folder)) syncFile(join(stage.folder, name));
    syncDir(stage.folder);
  }
}

/**
 * The rename that makes the layer exist. Call it for a base layer before those above it, after syncStages and under the
 * layer's chain lock. Where the layer has come to exist meanwhile, the stage is discarded: returns false.
 */
export function publishStage(store: Store, stage: Stage, chainID: ChainID): boolean {
  return whileShared(store, () => {
    if (hasLayer(store, chainID)) {
      discardStage(store, stage);
      return false;
    }
    const target = store.layout.layer(chainID);
    makeFolders(dirname(target), 0o755);
    renameSync(stage.folder, target);
    syncDir(dirname(target));
    closeStage(stage);
    return true;
  });
}

/** Removes everything of a stage that will not be published; nothing of one that was. Idempotent. */
export function discardStage(store: Store, stage: Stage): void {
  if (stage.done === true) return;
  removeLayerDir(store, stage.cacheID);
  rmSync(stage.folder, { recursive: true, force: true });
  closeStage(stage);
}

/** A stage found on the disk. */
export interface StageView {
  readonly cacheID: CacheID;
  readonly folder: string;
  readonly dead: boolean;
}

export function readStages(store: Store): StageView[] {
  const views: StageView[] = [];
  for (const name of listNames(store.layout.layerdbTmp)) {
    const match = /^skiff-([0-9a-f]{64})\.lock$/.exec(name);
    if (match === null) continue;
    const cacheID = parseCacheID(match[1]);
    const folder = join(store.layout.layerdbTmp, `skiff-${cacheID}`);
    const held = isHeld(`${folder}.lock`);
    // Published or discarded since it was listed: to take the lock would make its file anew, as nobody's.
    if (!held && !isThere(`${folder}.lock`)) continue;
    views.push({ cacheID, folder, dead: !held });
  }
  return views;
}

/** Removes a dead stage's metadata and lock. Its cache folder goes with all others that nothing refers to. Under the exclusive store lock. */
export function removeDeadStage(view: StageView): void {
  rmSync(view.folder, { recursive: true, force: true });
  rmSync(`${view.folder}.lock`, { force: true });
}

function closeStage(stage: Stage): void {
  stage.done = true;
  rmSync(`${stage.folder}.lock`, { force: true });
  stage.lock.release();
}
