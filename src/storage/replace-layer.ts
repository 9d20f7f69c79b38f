/**
 * A damaged layer gets its files anew: unpacked beside it as any layer is, checked, synced, and then exchanged with the damaged
 * tree by one rename, so that folder, short name and everything that stands on the layer stay as they are.
 */
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { syncDir, syncFile } from '../host/atomic-write.ts';
import { treeFiles } from '../host/tree-files.ts';
import { wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import type { CacheID, ChainID, Digest, DiffID } from '../oci/ids.ts';
import { hexOf } from '../oci/ids.ts';
import type { LayerInput } from './apply-layer.ts';
import { unpackStage } from './apply-layer.ts';
import { lockChain } from './chain-lock.ts';
import type { Store } from './index.ts';
import { leaseLayers } from './lease.ts';
import { hasLayer, readCacheID } from './layerdb.ts';
import { layerFiles, layerdbFiles } from './layout.ts';
import { whileShared } from './sharing.ts';
import { describeStage, discardStage, openStage, publishStage, syncStages } from './stage.ts';

export interface Replacement {
  readonly chainID: ChainID;
  readonly diffID: DiffID;
  /** undefined for a base layer. It has to be in the store. */
  readonly parent: ChainID | undefined;
  readonly source: LayerInput;
  /** Of the bytes as they come. */
  readonly expectedDigest: Digest;
  /** Length of the bytes as they come, where it is told: by it a decompression bomb is known. */
  readonly declaredBytes?: number | undefined;
  /** Asked at the last moment: true where a container that runs has the layer mounted, under which it must not change. */
  readonly inUse: () => boolean;
}

/**
 * Also for a layer that is missing altogether. False where `inUse` said so: then all is as it was. After it, repairLinks.
 * @throws DIGEST_MISMATCH, ARCHIVE_INVALID, NO_SPACE, NOT_FOUND (the parent): all is as it was
 */
export async function replaceLayer(store: Store, { chainID, diffID, parent, source, expectedDigest, declaredBytes, inUse }: Replacement): Promise<boolean> {
  const lease = leaseLayers(store, [chainID, ...(parent === undefined ? [] : [parent])]);
  try {
    const stage = openStage(store, parent === undefined ? undefined : readCacheID(store, parent));
    try {
      const facts = await unpackStage(stage, parent, source, { expectedDiffID: diffID, expectedDigest, declaredBytes });
      describeStage(store, stage, { ...facts, parent });
      syncStages(store, [stage]);
      const lock = lockChain(store, chainID, 'exclusive');
      try {
        if (inUse()) return false;
        const old = usableCacheID(store, chainID);
        if (old === undefined) {
          // Nothing of the layer can be kept but its name: the damaged entry goes, the new one comes.
          whileShared(store, () => bury(store, chainID));
          publishStage(store, stage, chainID);
        } else whileShared(store, () => exchange(store, chainID, old, stage, facts.sizeBytes, diffID, parent));
        return true;
      } finally {
        lock.release();
      }
    } finally {
      discardStage(store, stage);
    }
  } finally {
    lease.release();
  }
}

function exchange(store: Store, chainID: ChainID, cacheID: CacheID, stage: { readonly diff: string; readonly folder: string }, sizeBytes: number, diffID: DiffID, parent: ChainID | undefined): void {
  const layer = store.layout.layer(chainID);
  const diff = join(store.layout.layerDir(cacheID), layerFiles.diff);
  try {
    // tar-split first: until the trees are exchanged a reader finds the new description with the damaged tree, and says so.
    renameSync(join(stage.folder, layerdbFiles.tarSplit), join(layer, layerdbFiles.tarSplit));
    if (existsSync(diff)) treeFiles().renameExchange(stage.diff, diff);
    else renameSync(stage.diff, diff);
    const write = (name: string, text: string): void => {
      const path = join(stage.folder, name);
      writeFileSync(path, text, { mode: 0o644 });
      syncFile(path);
      renameSync(path, join(layer, name));
    };
    write(layerdbFiles.size, String(sizeBytes));
    write(layerdbFiles.diff, diffID);
    if (parent === undefined) rmSync(join(layer, layerdbFiles.parent), { force: true });
    else write(layerdbFiles.parent, parent);
    syncDir(layer);
    syncDir(store.layout.layerDir(cacheID));
  } catch (error) {
    throw wrap(error, `repair layer ${chainID}`);
  }
}

/** The layer's folder, where layerdb names one that is there. */
function usableCacheID(store: Store, chainID: ChainID): CacheID | undefined {
  try {
    const cacheID = hasLayer(store, chainID) ? readCacheID(store, chainID) : undefined;
    return cacheID !== undefined && existsSync(store.layout.layerDir(cacheID)) ? cacheID : undefined;
  } catch {
    // Damaged: as good as none.
    return undefined;
  }
}

/**
 * Takes a layer's entry out of layerdb where its description is so damaged that deleteLayers (gc.ts) can't read it; its folder is
 * nobody's then, and the next sweep takes it. For layers that nothing refers to.
 */
export function buryLayer(store: Store, chainID: ChainID): void {
  const lock = lockChain(store, chainID, 'exclusive');
  try {
    whileShared(store, () => bury(store, chainID));
  } finally {
    lock.release();
  }
}

/** By the name under which the sweeper knows what a removal left. */
function bury(store: Store, chainID: ChainID): void {
  if (!hasLayer(store, chainID)) return;
  const grave = join(store.layout.layerdbTmp, `removed-${hexOf(chainID)}-${process.pid}`);
  renameSync(store.layout.layer(chainID), grave);
  rmSync(grave, { recursive: true, force: true });
}
