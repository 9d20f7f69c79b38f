/** What images take on the disk: each layer once, whoever shares it. */
import { dirname } from 'node:path';
import { diskUsage } from '../host/disk-usage.ts';
import { isCode } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import type { ChainID, ImageID } from '../oci/ids.ts';
import { chainIDs, hexOf } from '../oci/ids.ts';
import type { Store } from '../storage/index.ts';
import { readCacheID } from '../storage/layerdb.ts';
import type { ImageUse } from './index.ts';
import { manifestDigests } from './manifests.ts';
import type { ImageSummary } from './summary.ts';
import { summarizeImages } from './summary.ts';

export interface ImageUsage {
  readonly image: ImageSummary;
  /** Its config and manifests and all its layers. */
  readonly sizeBytes: number;
  /** Of that, layers that another image has as well. */
  readonly sharedBytes: number;
  /** Of that, what would be free without it. */
  readonly uniqueBytes: number;
}

export interface ImagesUsage {
  readonly images: readonly ImageUsage[];
  readonly totalBytes: number;
  /** What would be free without all the images that nothing uses. */
  readonly reclaimableBytes: number;
}

/** Walks every layer's files: seconds for a full store. Inside the user namespace. @throws STORE_CORRUPT */
export function imagesUsage(store: Store, uses: readonly ImageUse[]): ImagesUsage {
  const images = summarizeImages(store, uses);
  const sizeOf = remembered((layer: ChainID) => layerUsage(store, layer));
  const ownBytes = remembered((id: ImageID) => recordsUsage(store, id));
  const layersOf = remembered((image: ImageSummary) => chainIDs(image.config.rootfs.diff_ids));
  const owners = new Map<ChainID, number>();
  for (const image of images) for (const layer of layersOf(image)) owners.set(layer, (owners.get(layer) ?? 0) + 1);
  const used = new Set(uses.map(({ image }) => image));
  const kept = new Set(images.filter(({ id }) => used.has(id)).flatMap(layersOf));
  const totalBytes = sum([...owners.keys()].map(sizeOf)) + sum(images.map(({ id }) => ownBytes(id)));
  return {
    images: images.map((image) => {
      const shared = sum(layersOf(image).filter((layer) => (owners.get(layer) ?? 0) > 1).map(sizeOf));
      const whole = sum(layersOf(image).map(sizeOf)) + ownBytes(image.id);
      return { image, sizeBytes: whole, sharedBytes: shared, uniqueBytes: whole - shared };
    }),
    totalBytes,
    reclaimableBytes: sum([...owners.keys()].filter((layer) => !kept.has(layer)).map(sizeOf)) + sum(images.filter(({ id }) => !used.has(id)).map(({ id }) => ownBytes(id))),
  };
}

/** A layer's files and what the store knows of it; 0 where it is missing. */
export function layerUsage(store: Store, layer: ChainID): number {
  return diskUsage(store.layout.layer(layer)) + folderUsage(store, layer);
}

function folderUsage(store: Store, layer: ChainID): number {
  try {
    const cacheID = readCacheID(store, layer);
    return cacheID === undefined ? 0 : diskUsage(store.layout.layerDir(cacheID));
  } catch (error) {
    if (isCode(error, 'STORE_CORRUPT')) return 0;
    throw error;
  }
}

/** An image's config and manifests. */
export function recordsUsage(store: Store, id: ImageID): number {
  const files = [
    store.layout.imageConfig(id), dirname(store.layout.imageMetadata(id, 'parent')), store.layout.manifestsOf(id),
    ...manifestDigests(store, id).map((digest) => join(store.layout.manifests, hexOf(digest))),
  ];
  return sum(files.map((path) => diskUsage(path)));
}

function remembered<K, V>(compute: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    if (!known.has(key)) known.set(key, compute(key));
    return known.get(key) as V;
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
