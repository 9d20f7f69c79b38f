/**
 * Checking that the store is whole: the primitives of `system check`. They look and change nothing (repair-links.ts and
 * replace-layer.ts mend). Without locks a look can fall between two steps of another command: whoever accuses looks again
 * (image/check/find.ts).
 */
import { lstatSync, openSync, closeSync } from 'node:fs';
import { linkIfThere } from '../host/if-there.ts';
import { startWorker } from '../host/worker.ts';
import { SkiffError, isCode, isErrno, wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import type { ChainID } from '../oci/ids.ts';
import { chainIDs, parseDiffID } from '../oci/ids.ts';
import type { Layer, Store } from './index.ts';
import { listImages, readImage } from './imagedb.ts';
import { expectedLowers, readLinkName, readLowers } from './layer-dir.ts';
import { hasLayer, listLayers, readCacheID, readLayerSize, readPlace } from './layerdb.ts';
import { layerFiles, layerdbFiles } from './layout.ts';
import { listMounts } from './references.ts';
import { readRepositories } from './repositories.ts';
import type { VerifiedLayer } from './verify/verify-layer.ts';

/** `links`: short names and lower files, which the rest of the store tells; `size`: a layer's, which its files tell. The others are what they say. */
export interface Problem {
  readonly what: 'layer' | 'links' | 'size' | 'image' | 'names' | 'container';
  /** chainID, name under overlay2/, image ID, container ID or file name. */
  readonly id: string;
  readonly message: string;
}

/** Everything that can be told without reading the layers' files. Fast. */
export function checkStore(store: Store): Problem[] {
  const images = listImages(store);
  return [
    ...listLayers(store).flatMap((chainID) => checkLayer(store, chainID)),
    ...images.flatMap((id) => checkImage(store, id)),
    ...checkNames(store, new Set(images)),
    ...checkContainers(store),
  ];
}

/** One layer's description and folder: diff, link, the short name, lower. None for a layer that does not exist (any more). */
export function checkLayer(store: Store, chainID: ChainID): Problem[] {
  try {
    const layer = readPlace(store, chainID);
    const message = layerProblem(store, layer);
    if (message !== undefined) return [{ what: 'layer', id: chainID, message }];
    return [...checkFolder(store, layer.cacheID, lowersUpon(store, layer.parent), true), ...checkSize(store, chainID)];
  } catch (error) {
    if (isCode(error, 'NOT_FOUND')) return [];
    return [{ what: 'layer', id: chainID, message: damageOf(error) }];
  }
}

/** Puts the layer's tar together again, compares its digest and each member with the tree: reads every file. Inside the user namespace. */
export async function checkLayerContent(store: Store, chainID: ChainID): Promise<Problem[]> {
  try {
    const { diffID } = readPlace(store, chainID);
    const { sha256, findings, ...sizes } = await verifiedLayer(store, chainID);
    if (findings.length > 0) return findings.map((message) => ({ what: 'layer', id: chainID, message }));
    if (`sha256:${sha256}` !== diffID) return [{ what: 'layer', id: chainID, message: `content has diffID sha256:${sha256}, expected ${diffID}` }];
    return checkSize(store, chainID, [sizes.sizeBytes, sizes.tarSizeBytes]);
  } catch (error) {
    if (isCode(error, 'NOT_FOUND') || isErrno(error, 'ENOENT')) {
      // Gone since it was listed, or not all there.
      return hasLayer(store, chainID) ? [{ what: 'layer', id: chainID, message: wrap(error, 'read layer').message }] : [];
    }
    return [{ what: 'layer', id: chainID, message: damageOf(error) }];
  }
}

/** Reads every file of the layer. Inside the user namespace. @throws NOT_FOUND, STORE_CORRUPT, IO */
export async function verifiedLayer(store: Store, chainID: ChainID): Promise<VerifiedLayer> {
  const { cacheID } = readPlace(store, chainID);
  const splitFd = openSync(join(store.layout.layer(chainID), layerdbFiles.tarSplit), 'r');
  try {
    const root = join(store.layout.layerDir(cacheID), layerFiles.diff);
    return await startWorker('pack-layer', { root, request: { kind: 'verify' }, extraFds: [splitFd] }) as VerifiedLayer;
  } finally {
    closeSync(splitFd);
  }
}

/** `right`: what it may be; anything that is a size where the files were not read. */
function checkSize(store: Store, chainID: ChainID, right?: readonly number[]): Problem[] {
  const found = (message: string): Problem[] => [{ what: 'size', id: chainID, message }];
  try {
    const sizeBytes = readLayerSize(store, chainID);
    return right === undefined || right.includes(sizeBytes) ? [] : found(`size is ${sizeBytes}, its files have ${right[0]} bytes`);
  } catch (error) {
    if (isCode(error, 'STORE_CORRUPT')) return found(damageOf(error));
    throw error;
  }
}

function layerProblem(store: Store, layer: Omit<Layer, 'sizeBytes'>): string | undefined {
  if (lstatSync(join(store.layout.layer(layer.chainID), layerdbFiles.tarSplit), { throwIfNoEntry: false })?.isFile() !== true) return `"${layerdbFiles.tarSplit}" is missing`;
  if (!isFolder(join(store.layout.layerDir(layer.cacheID), layerFiles.diff))) return `folder "${layerFiles.diff}" is missing`;
  const expectedChain = layer.parent === undefined ? layer.diffID : chainIDs([parseDiffID(layer.parent), layer.diffID])[1];
  if (expectedChain as string !== layer.chainID) return 'its diffID and parent make another chainID';
  return undefined;
}

/** undefined where the layer below is damaged: that is told of it, and of none that stands on it. */
function lowersUpon(store: Store, parent: ChainID | undefined): string[] | undefined {
  if (parent === undefined) return [];
  try {
    return expectedLowers(store, readCacheID(store, parent));
  } catch (error) {
    if (isCode(error, 'STORE_CORRUPT')) return undefined;
    throw error;
  }
}

/** `lowers`: as they have to be; undefined where a layer below does not tell its short name, which is its own problem. */
function checkFolder(store: Store, id: string, lowers: readonly string[] | undefined, committed: boolean): Problem[] {
  const found = (message: string): Problem[] => [{ what: 'links', id, message }];
  const folder = store.layout.layerDir(id);
  const link = readLinkName(store, id);
  if (link === undefined) return found(`file "${layerFiles.link}" is missing or damaged`);
  const target = linkIfThere(join(store.layout.links, link));
  if (target === undefined) return found(`short name "l/${link}" is missing`);
  if (target !== join('..', id, layerFiles.diff)) return found(`short name "l/${link}" leads to ${JSON.stringify(target)}`);
  if (lowers !== undefined && lowers.join(':') !== readLowers(store, id).join(':')) return found(`file "${layerFiles.lower}" does not name the layers below`);
  if (committed && lstatSync(join(folder, layerFiles.committed), { throwIfNoEntry: false }) === undefined) return found(`file "${layerFiles.committed}" is missing`);
  return [];
}

function checkImage(store: Store, id: Parameters<typeof readImage>[1]): Problem[] {
  try {
    const missing = chainIDs(readImage(store, id).config.rootfs.diff_ids).filter((chainID) => !hasLayer(store, chainID));
    return missing.map((chainID) => ({ what: 'layer', id: chainID, message: 'is missing' }));
  } catch (error) {
    if (isCode(error, 'IMAGE_UNKNOWN')) return [];
    return [{ what: 'image', id, message: damageOf(error) }];
  }
}

function checkNames(store: Store, images: ReadonlySet<string>): Problem[] {
  const lost = new Map<string, string>();
  try {
    for (const references of readRepositories(store).values()) {
      for (const [reference, id] of references) if (!images.has(id)) lost.set(id, reference);
    }
  } catch (error) {
    return [{ what: 'names', id: 'repositories.json', message: damageOf(error) }];
  }
  return [...lost].map(([id, reference]) => ({ what: 'image', id, message: `its config is missing, and ${JSON.stringify(reference)} names it` }));
}

function checkContainers(store: Store): Problem[] {
  return listMounts(store).filter((mount) => mount.recorded).flatMap(({ container, folders, parent }): Problem[] => {
    const [own = '', init = ''] = folders;
    if (!isFolder(join(store.layout.layerDir(own), layerFiles.diff))) return [{ what: 'container', id: container, message: 'its writable layer is missing' }];
    try {
      const below = lowersUpon(store, parent);
      const hasInit = isFolder(join(store.layout.layerDir(init), layerFiles.diff));
      // A container of Docker's may do without; ours can make it again.
      return [...(hasInit ? checkFolder(store, init, below, true) : []), ...checkFolder(store, own, hasInit ? expectedLowers(store, init) : undefined, false)];
    } catch (error) {
      return [{ what: 'container', id: container, message: damageOf(error) }];
    }
  });
}

/** What was found wrong, as text. What is no finding goes on. */
function damageOf(error: unknown): string {
  if (isCode(error, 'STORE_CORRUPT', 'CONFIG_INVALID', 'DIGEST_INVALID', 'DIGEST_MISMATCH', 'ARCHIVE_INVALID', 'ARCHIVE_TRUNCATED')) return error.message.replace(/^(?:layer|image) sha256:[0-9a-f]{64} is damaged: /, '');
  throw error instanceof SkiffError ? error : wrap(error, 'check store');
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
