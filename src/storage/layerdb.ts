/**
 * layerdb: which layers exist, what they are and where their files lie. Read without locks: a layer's folder appears by one
 * rename and never changes.
 *
 * @see moby layer/filestore.go (names and contents of the files)
 */
import { existsSync, readFileSync } from 'node:fs';
import { namesIfThere } from '../host/if-there.ts';
import { SkiffError, isErrno, wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import type { CacheID, ChainID, DiffID } from '../oci/ids.ts';
import { parseCacheID, parseChainID, parseDiffID } from '../oci/ids.ts';
import type { Layer, Store } from './index.ts';
import { layerdbFiles, repairHint } from './layout.ts';

/** Docker's bound: an overlay takes 128 lower layers at most, two of which a container adds (moby layer maxLayerDepth). */
export const maxLayerDepth = 125;

export function hasLayer(store: Store, chainID: ChainID): boolean {
  return existsSync(store.layout.layer(chainID));
}

/** @throws NOT_FOUND where there is no such layer, STORE_CORRUPT where its files make no sense */
export function readLayer(store: Store, chainID: ChainID): Layer {
  return { ...readPlace(store, chainID), sizeBytes: readLayerSize(store, chainID) };
}

/** All but the size, on which nothing depends. @throws as readLayer */
export function readPlace(store: Store, chainID: ChainID): Omit<Layer, 'sizeBytes'> {
  const folder = store.layout.layer(chainID);
  const parentText = readText(folder, layerdbFiles.parent, chainID, true);
  try {
    return {
      chainID,
      diffID: parseDiffID(readText(folder, layerdbFiles.diff, chainID)),
      cacheID: parseCacheID(readText(folder, layerdbFiles.cacheID, chainID)),
      parent: parentText === '' ? undefined : parseChainID(parentText),
    };
  } catch (error) {
    if (error instanceof SkiffError && error.code === 'DIGEST_INVALID') throw corrupt(chainID, error.message);
    throw error;
  }
}

/** One file instead of four: for listings. @throws NOT_FOUND, STORE_CORRUPT */
export function readLayerSize(store: Store, chainID: ChainID): number {
  return parseSize(readText(store.layout.layer(chainID), layerdbFiles.size, chainID), chainID);
}

/** The layer's folder under overlay2/; undefined where there is no such layer. One file instead of four: for `run`. @throws STORE_CORRUPT */
export function readCacheID(store: Store, chainID: ChainID): CacheID | undefined {
  try {
    return parseCacheID(readFileSync(join(store.layout.layer(chainID), layerdbFiles.cacheID), 'utf8').trim());
  } catch (error) {
    if (error instanceof SkiffError) throw corrupt(chainID, error.message);
    if (!isErrno(error, 'ENOENT')) throw wrap(error, `read layer ${chainID}`);
    if (!hasLayer(store, chainID)) return undefined;
    throw corrupt(chainID, `"${layerdbFiles.cacheID}" is missing`);
  }
}

/** What the layer stands on; undefined for a base layer, and for one that is not (any more) in the store. @throws STORE_CORRUPT */
export function readParent(store: Store, chainID: ChainID): ChainID | undefined {
  try {
    return parseChainID(readFileSync(join(store.layout.layer(chainID), layerdbFiles.parent), 'utf8').trim());
  } catch (error) {
    if (error instanceof SkiffError) throw corrupt(chainID, error.message);
    if (isErrno(error, 'ENOENT')) return undefined;
    throw wrap(error, `read layer ${chainID}`);
  }
}

/** The layer and everything below it, topmost first. @throws NOT_FOUND, STORE_CORRUPT */
export function readChain(store: Store, top: ChainID): Layer[] {
  const layers: Layer[] = [];
  for (let at: ChainID | undefined = top; at !== undefined;) {
    // A parent that leads back to itself can't come from a hash; only damage makes one.
    if (layers.length > maxLayerDepth) throw corrupt(top, `more than ${maxLayerDepth} layers`);
    const layer: Layer = readLayer(store, at);
    layers.push(layer);
    at = layer.parent;
  }
  return layers;
}

/** Names under overlay2/, topmost first. @throws NOT_FOUND, STORE_CORRUPT */
export function cacheIDs(store: Store, top: ChainID): CacheID[] {
  return readChain(store, top).map((layer) => layer.cacheID);
}

/** Every layer in the store, in no order. */
export function listLayers(store: Store): ChainID[] {
  return listNames(join(store.layout.image, 'layerdb', 'sha256')).filter((name) => /^[0-9a-f]{64}$/.test(name)).map((name) => parseChainID(`sha256:${name}`));
}

/** A layer with this tar, on whatever it stands. Looks at every layer. */
export function findDiffID(store: Store, diffID: DiffID): ChainID | undefined {
  return listLayers(store).find((chainID) => readDiffID(store, chainID) === diffID);
}

/** What layerdb says, unchecked; undefined for a layer that was removed this moment, or is damaged: not one to use. */
export function readDiffID(store: Store, chainID: ChainID): DiffID | undefined {
  try {
    return readFileSync(join(store.layout.layer(chainID), layerdbFiles.diff), 'utf8').trim() as DiffID;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw wrap(error, `read layer ${chainID}`);
  }
}

/** Names in a folder; none where it does not exist. */
export function listNames(folder: string): string[] {
  return namesIfThere(folder, 'read store');
}

function readText(folder: string, name: string, chainID: ChainID, optional = false): string {
  try {
    return readFileSync(join(folder, name), 'utf8').trim();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) {
      if (!existsSync(folder)) throw new SkiffError('NOT_FOUND', `layer ${chainID} is not in the store`, { data: { chainID } });
      if (optional) return '';
      throw corrupt(chainID, `"${name}" is missing`);
    }
    throw wrap(error, `read layer ${chainID}`);
  }
}

function parseSize(text: string, chainID: ChainID): number {
  if (!/^\d{1,15}$/.test(text)) throw corrupt(chainID, `size is ${JSON.stringify(text)}`);
  return Number(text);
}

function corrupt(chainID: ChainID, cause: string): SkiffError {
  return new SkiffError('STORE_CORRUPT', `layer ${chainID} is damaged: ${cause}`, { data: { chainID }, hint: repairHint });
}
