/** What pulls that are under way, or were cut, have on the disk: downloads, and layers that nothing refers to yet. */
import { diskUsage } from '../host/disk-usage.ts';
import { isCode } from '../lib/errors.ts';
import { blobUsage, isWanted, listBlobs } from '../storage/blob-area.ts';
import type { Store } from '../storage/index.ts';
import { hasLayer } from '../storage/layerdb.ts';
import { readLeases } from '../storage/lease.ts';
import { strayFolders } from '../storage/leftovers.ts';
import { heldLayers } from '../storage/references.ts';
import { readStages } from '../storage/stage.ts';
import { layerUsage } from './disk-usage.ts';

export interface UnfinishedUsage {
  /** Downloads and layers, of which `active` belong to commands that run. */
  readonly total: number;
  readonly active: number;
  readonly bytes: number;
  /** Without those that belong to commands that run. */
  readonly reclaimableBytes: number;
}

interface Part { readonly bytes: number; readonly live: boolean }

/** Inside the user namespace. */
export function unfinishedUsage(store: Store): UnfinishedUsage {
  const downloads = listBlobs(store).map(({ digest }): Part => ({ bytes: blobUsage(store, digest), live: isWanted(store, digest) }));
  const parts = [...downloads, ...layersInTheMaking(store)].filter(({ bytes, live }) => bytes > 0 || live);
  const idle = parts.filter(({ live }) => !live);
  // As du(1) has it, with the folder of the downloads, which stays.
  const folder = downloads.length === 0 ? 0 : diskUsage(store.layout.blobs) - sum(downloads);
  return { total: parts.length, active: parts.length - idle.length, bytes: sum(parts) + (parts.length === 0 ? 0 : folder), reclaimableBytes: sum(idle) };
}

function layersInTheMaking(store: Store): Part[] {
  const stages = readStages(store).map(({ cacheID, folder, dead }): Part => ({ bytes: diskUsage(store.layout.layerDir(cacheID)) + diskUsage(folder), live: !dead }));
  const strays = strayFolders(store).map((id): Part => ({ bytes: diskUsage(store.layout.layerDir(id)), live: false }));
  return [...stages, ...strays, ...abandonedLayers(store)];
}

/** Finished, but the command that made them was killed before an image had them. */
function abandonedLayers(store: Store): Part[] {
  const made = new Set(readLeases(store).filter(({ dead }) => dead).flatMap((lease) => lease.made));
  if (made.size === 0) return [];
  try {
    const held = heldLayers(store);
    return [...made].filter((layer) => hasLayer(store, layer) && !held.has(layer)).map((layer) => ({ bytes: layerUsage(store, layer), live: false }));
  } catch (error) {
    // A damaged image does not say what it needs: nothing of it would be freed.
    if (isCode(error, 'STORE_CORRUPT', 'CONFIG_INVALID', 'DIGEST_INVALID')) return [];
    throw error;
  }
}

function sum(parts: readonly Part[]): number {
  return parts.reduce((total, { bytes }) => total + bytes, 0);
}
