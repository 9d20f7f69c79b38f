/**
 * The writable layer of a container and the init layer below it:
 *   overlay2/<mount-id>-init/   diff (fillInitLayer), link, lower = the image's layers, committed
 *   overlay2/<mount-id>/        diff (the upper layer), work, merged, link, lower = l/<init>:l/<top>:…
 *   layerdb/mounts/<container>/{mount-id,init-id,parent}
 * As Docker has it, except that our mount-id is the container's id. None of it is synced: what a power cut may empty here
 * (link, lower, mount-id) can be told again from the container's id and the top layer, and is. The launcher may have made
 * all of it but for `parent`, `lower` and what depends on the image's own mount points (ahead.ts).
 *
 * @see moby layer/layer_store.go (CreateRWLayer, initMount), layer/filestore.go
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { makeFolders } from '../host/make-folders.ts';
import { removeTree } from '../host/remove-tree.ts';
import { SkiffError, isErrno, wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import type { ChainID, ContainerID } from '../oci/ids.ts';
import { parseChainID } from '../oci/ids.ts';
import { lockChain } from './chain-lock.ts';
import { fillInitLayer } from './init-layer.ts';
import { readOptional } from './_read-optional.ts';
import type { Store } from './index.ts';
import { completeLayerDir, idOfLink, layerPaths, lowersOf, makeLayerDir, markCommitted, readLowers } from './layer-dir.ts';
import { readCacheID } from './layerdb.ts';
import { layerFiles, mountFiles, repairHint } from './layout.ts';
import { whileShared } from './sharing.ts';

/** What host/mounts.ts mountOverlay() takes. */
export interface ContainerMount {
  /** "l/<link>", topmost first, relative to overlayDir. */
  readonly lower: string[];
  readonly upper: string;
  readonly work: string;
  /** The merged folder; exists. */
  readonly target: string;
  readonly overlayDir: string;
}

/**
 * Makes the layers of a new container over `top` (undefined: no image). The caller holds the store's lock until the
 * container's record is written (lockStore): until then this is garbage. `begun`: they are there but for what depends on the image (takeAhead).
 * @throws NOT_FOUND (no such layer), EXISTS, NO_SPACE
 */
export function createContainerLayer(store: Store, id: ContainerID, top: ChainID | undefined, { begun = false } = {}): void {
  whileShared(store, () => {
    // What is there belongs to somebody: it must not be taken away with what fails here.
    if (!begun && existsSync(store.layout.layerDir(id))) throw new SkiffError('EXISTS', `container ${id} has a layer already`);
    // From the look at the layer to the note that we stand on it, nobody may delete it.
    const lock = top === undefined ? undefined : lockChain(store, top, 'shared');
    try {
      if (begun && top !== undefined) return completeLayers(store, id, top);
      if (begun) removeContainerLayer(store, id);
      const imageTop = top === undefined ? undefined : existingLayer(store, top);
      writeMountFiles(store, id, top);
      makeLayerDir(store, id, makeInitLayer(store, id, imageTop));
      mkdirSync(join(store.layout.layerDir(id), layerFiles.merged), { mode: 0o700 });
    } catch (error) {
      removeContainerLayer(store, id);
      throw wrap(error, 'make container layer');
    } finally {
      lock?.release();
    }
  });
}

/** Where and how the container's root is mounted. @throws NOT_FOUND where the container has no layer, STORE_CORRUPT */
export function containerMount(store: Store, id: ContainerID): ContainerMount {
  const mountID = readMountID(store, id);
  const folder = store.layout.layerDir(mountID);
  const lower = readLowers(store, mountID);
  return {
    lower: lower.length > 0 ? lower : repairLower(store, id, mountID),
    upper: join(folder, layerFiles.diff), work: ensureFolder(join(folder, layerFiles.work)), target: ensureFolder(join(folder, layerFiles.merged)),
    overlayDir: store.layout.overlay,
  };
}

/** Absolute paths of the folders that the container's root is made of: its own first, then the init layer, then the image's, topmost first. */
export function containerDiffs(store: Store, id: ContainerID): string[] {
  const mount = containerMount(store, id);
  return [mount.upper, ...mount.lower.map((lower) => diffOfLower(store, lower))];
}

/** The image layer that the container stands on; undefined for one without image. */
export function containerParent(store: Store, id: ContainerID): ChainID | undefined {
  const text = readOptional(join(store.layout.mount(id), mountFiles.parent));
  return text === undefined || text === '' ? undefined : parseChainID(text);
}

/** What goes with the container, in this order: absolute paths. Valid while the container exists; missing ones may be passed over. */
export function containerRemovalPlan(store: Store, id: ContainerID): string[] {
  return [...readMountIDs(store, id).flatMap((folder) => layerPaths(store, folder)), store.layout.mount(id)];
}

/** Removes the container's layers. Idempotent. Inside the user namespace. */
export function removeContainerLayer(store: Store, id: ContainerID): void {
  for (const path of containerRemovalPlan(store, id)) removeTree(path);
}

/** Names under overlay2/ that are the container's: its own layer and its init layer. What a file does not say rightly is ours by the container's id. */
export function readMountIDs(store: Store, id: ContainerID): [mountID: string, initID: string] {
  const valid = (text: string | undefined): string | undefined => (text !== undefined && /^[0-9a-f]{64}(?:-init)?$/.test(text) ? text : undefined);
  const mountID = valid(readOptional(join(store.layout.mount(id), mountFiles.mountID))) ?? id;
  return [mountID, valid(readOptional(join(store.layout.mount(id), mountFiles.initID))) ?? `${mountID}-init`];
}

function existingLayer(store: Store, top: ChainID): string {
  const cacheID = readCacheID(store, top);
  if (cacheID === undefined) throw new SkiffError('NOT_FOUND', `layer ${top} is not in the store`, { data: { chainID: top } });
  return cacheID;
}

/** Returns the lowers of the container's own layer. */
function makeInitLayer(store: Store, id: ContainerID, imageTop: string | undefined): string[] {
  const initID = `${id}-init`;
  const imageLowers = imageTop === undefined ? [] : lowersOf(store, imageTop);
  const lowers = makeLayerDir(store, initID, imageLowers);
  fillInitLayer(join(store.layout.layerDir(initID), layerFiles.diff), imageLowers.map((lower) => diffOfLower(store, lower)));
  markCommitted(store, initID);
  return lowers;
}

/** What the launcher could not know. */
function completeLayers(store: Store, id: ContainerID, top: ChainID): void {
  const imageLowers = lowersOf(store, existingLayer(store, top));
  writeFileSync(join(store.layout.mount(id), mountFiles.parent), top);
  const initID = `${id}-init`;
  fillInitLayer(join(store.layout.layerDir(initID), layerFiles.diff), imageLowers.map((lower) => diffOfLower(store, lower)), true);
  completeLayerDir(store, id, completeLayerDir(store, initID, imageLowers));
}

function writeMountFiles(store: Store, id: ContainerID, top: ChainID | undefined): void {
  const folder = store.layout.mount(id);
  makeFolders(folder, 0o755);
  writeFileSync(join(folder, mountFiles.mountID), id, { mode: 0o644 });
  writeFileSync(join(folder, mountFiles.initID), `${id}-init`, { mode: 0o644 });
  if (top !== undefined) writeFileSync(join(folder, mountFiles.parent), top, { mode: 0o644 });
}

function readMountID(store: Store, id: ContainerID): string {
  const text = readOptional(join(store.layout.mount(id), mountFiles.mountID));
  if (text === undefined) throw new SkiffError('NOT_FOUND', `container ${id} has no layer in the store`, { data: { id } });
  if (text === '') return id;
  if (!/^[0-9a-f]{64}$/.test(text)) throw new SkiffError('STORE_CORRUPT', `container ${id} is damaged: mount-id is ${JSON.stringify(text)}`);
  return text;
}

/** `lower` was lost: it is the init layer and what that stands on. */
function repairLower(store: Store, id: ContainerID, mountID: string): string[] {
  const initID = `${mountID}-init`;
  const top = containerParent(store, id);
  if (readLowers(store, initID).length === 0 && top !== undefined) {
    writeFileSync(join(store.layout.layerDir(initID), layerFiles.lower), lowersOf(store, existingLayer(store, top)).join(':'));
  }
  const lower = lowersOf(store, initID);
  writeFileSync(join(store.layout.layerDir(mountID), layerFiles.lower), lower.join(':'));
  return lower;
}

function diffOfLower(store: Store, lower: string): string {
  const id = idOfLink(store, lower);
  if (id === undefined) throw new SkiffError('STORE_CORRUPT', `short name "${lower}" is missing in "${store.layout.overlay}"`, { hint: repairHint });
  return join(store.layout.layerDir(id), layerFiles.diff);
}

function ensureFolder(path: string): string {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw wrap(error, 'mount container layer');
  }
  return path;
}
