/**
 * Mends what the rest of the store tells: `link` files, short names in l/, `lower` files, `committed` marks. Of image layers,
 * containers and init layers alike. What is right stays as it is, so that it can run beside other commands.
 */
import { existsSync, lstatSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { writeFileAtomic } from '../host/atomic-write.ts';
import { linkIfThere } from '../host/if-there.ts';
import { makeFolders } from '../host/make-folders.ts';
import { join } from '../lib/paths.ts';
import type { Layer, Store } from './index.ts';
import { expectedLowers, linkOf, listLayerDirs, markCommitted, readLinkName, readLowers } from './layer-dir.ts';
import { listLayers, readChain } from './layerdb.ts';
import { layerFiles } from './layout.ts';
import { listMounts } from './references.ts';
import { whileShared } from './sharing.ts';

/** Layers whose description in layerdb is damaged are passed over. @throws NO_SPACE, PERMISSION, IO */
export function repairLinks(store: Store): void {
  whileShared(store, () => {
    makeFolders(store.layout.links, 0o700);
    for (const id of listLayerDirs(store)) if (existsSync(join(store.layout.layerDir(id), layerFiles.diff))) repairName(store, id);
    // Base layers first: what a layer has below it is told by the one below.
    const chains = listLayers(store).flatMap((chainID) => chainOf(store, chainID) ?? []).toSorted((a, b) => a.length - b.length);
    for (const [layer, parent] of chains) if (layer !== undefined) repairLower(store, layer.cacheID, parent?.cacheID, true);
    for (const { folders: [own = '', init = ''], parent } of listMounts(store).filter((mount) => mount.recorded)) {
      if (!existsSync(join(store.layout.layerDir(init), layerFiles.diff))) continue;
      // Without a parent that can be read nothing is known of what lies below the first.
      const below = parent === undefined ? undefined : chainOf(store, parent)?.[0]?.[0]?.cacheID;
      if (parent === undefined || below !== undefined) repairLower(store, init, below, true);
      repairLower(store, own, init, false);
    }
  });
}

function chainOf(store: Store, chainID: Layer['chainID']): Layer[][] | undefined {
  try {
    return [readChain(store, chainID)];
  } catch {
    // Damage of another kind, told of and mended elsewhere.
    return undefined;
  }
}

function repairName(store: Store, id: string): void {
  const link = readLinkName(store, id);
  const target = join('..', id, layerFiles.diff);
  if (link === undefined) {
    const known = nameOf(store, target);
    if (known !== undefined) writeFileAtomic(join(store.layout.layerDir(id), layerFiles.link), known, { mode: 0o644 });
    else linkOf(store, id);
    return;
  }
  const path = join(store.layout.links, link);
  const found = linkIfThere(path);
  if (found === target) return;
  if (found === undefined) rmSync(path, { force: true, recursive: true });
  const fresh = `${path}.new`;
  rmSync(fresh, { force: true });
  symlinkSync(target, fresh);
  renameSync(fresh, path);
}

/** A `link` file was lost and its short name is still there. */
function nameOf(store: Store, target: string): string | undefined {
  return readdirSync(store.layout.links).find((name) => /^[A-Z2-7]{26}$/.test(name) && linkIfThere(join(store.layout.links, name)) === target);
}

function repairLower(store: Store, id: string, below: string | undefined, committed: boolean): void {
  const folder = store.layout.layerDir(id);
  if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) return;
  const lowers = below === undefined ? [] : expectedLowers(store, below);
  if (lowers !== undefined && lowers.join(':') !== readLowers(store, id).join(':')) {
    if (lowers.length === 0) rmSync(join(folder, layerFiles.lower), { force: true });
    else writeFileAtomic(join(folder, layerFiles.lower), lowers.join(':'), { mode: 0o644 });
  }
  if (committed && !existsSync(join(folder, layerFiles.committed))) markCommitted(store, id);
}
