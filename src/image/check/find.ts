/**
 * `system check`: what is damaged, and which images that costs. Changes nothing, takes no lock for longer than a look, and accuses
 * only what is wrong in look after look: other commands may be adding, using and removing images all the while.
 */
import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { isCode } from '../../lib/errors.ts';
import type { ChainID, ImageID } from '../../oci/ids.ts';
import { chainIDs, parseChainID, parseImageID } from '../../oci/ids.ts';
import type { ImageConfig } from '../../oci/image-config.ts';
import type { Problem } from '../../storage/check.ts';
import { checkLayerContent, checkStore } from '../../storage/check.ts';
import { listImages, readImage } from '../../storage/imagedb.ts';
import type { Store } from '../../storage/index.ts';
import { hasLayer, listLayers } from '../../storage/layerdb.ts';
import { findLeftovers, whenQuiet } from '../../storage/leftovers.ts';
import { heldLayers } from '../../storage/references.ts';
import { lockImages } from '../lock.ts';

export interface Damage extends Problem {
  /** Images that can't be relied on for it. */
  readonly images: readonly ImageID[];
}

export interface Found {
  readonly damage: readonly Damage[];
  /** Layers that nothing refers to and that are older than was allowed. */
  readonly unreferenced: readonly ChainID[];
  /** Lines about what killed commands left; undefined where the store was too busy to tell. */
  readonly leftovers: readonly string[] | undefined;
}

export interface FindOptions {
  /** Which layers' files are read: all by default, which takes as long as reading the store does. */
  readonly content: 'all' | ReadonlySet<ChainID>;
  /** undefined: layers that nothing refers to are no matter. */
  readonly maxAgeMs: number | undefined;
}

/** In no lookout for trouble longer than this: a look, and two more at what the first one found. */
const looks = 3;

/** Inside the user namespace. @throws PERMISSION, IO */
export async function findDamage(store: Store, { content, maxAgeMs }: FindOptions): Promise<Found> {
  const inStructure = settled(store, () => checkStore(store));
  const known = new Set(inStructure.flatMap(({ what, id }) => (what === 'layer' ? [id] : [])));
  const toRead = listLayers(store).filter((layer) => !known.has(layer) && (content === 'all' || content.has(layer)));
  const inContent = (await inParallel(toRead, (layer) => readTwice(store, layer))).flat();
  const chains = imageChains(store);
  const unreferenced = maxAgeMs === undefined ? [] : await unreferencedLayers(store, Date.now() - maxAgeMs);
  const problems = new Map([...inStructure, ...inContent].map((problem) => [keyOf(problem), problem]));
  return {
    damage: [...problems.values()].map((problem) => ({ ...problem, images: affected(problem, chains) })),
    unreferenced: unreferenced ?? [],
    leftovers: unreferenced === undefined ? undefined : await findLeftovers(store),
  };
}

/** Chains of the images whose configs can be read, base layer first. */
export function imageChains(store: Store): Map<ImageID, readonly ChainID[]> {
  return new Map(readableImages(store).map(({ id, config }) => [id, chainIDs(config.rootfs.diff_ids)]));
}

export function readableImages(store: Store): { id: ImageID; config: ImageConfig }[] {
  return listImages(store).flatMap((id) => {
    try {
      return [readImage(store, id)];
    } catch (error) {
      if (isCode(error, 'IMAGE_UNKNOWN', 'STORE_CORRUPT', 'CONFIG_INVALID', 'DIGEST_INVALID')) return [];
      throw error;
    }
  });
}

function affected({ what, id }: Problem, chains: ReadonlyMap<ImageID, readonly ChainID[]>): ImageID[] {
  if (what === 'image') return [parseImageID(id)];
  if (what !== 'layer') return [];
  return [...chains].flatMap(([image, chain]) => (chain.includes(parseChainID(id)) ? [image] : []));
}

/** What every look finds. Between two of them, whoever is changing images comes to an end. */
function settled(store: Store, look: () => Problem[]): Problem[] {
  let found = look();
  for (let again = 1; found.length > 0 && again < looks; again++) {
    lockImages(store, 'shared').release();
    const now = new Set(look().map(keyOf));
    found = found.filter((problem) => now.has(keyOf(problem)));
  }
  return found;
}

function keyOf({ what, id, message }: Problem): string {
  return `${what} ${id} ${message}`;
}

/** A layer may be removed while it is read. */
async function readTwice(store: Store, layer: ChainID): Promise<Problem[]> {
  const first = await checkLayerContent(store, layer);
  if (first.length === 0 || !hasLayer(store, layer)) return [];
  const second = await checkLayerContent(store, layer);
  return hasLayer(store, layer) ? second : [];
}

/** undefined where other commands leave the store no rest: of an image that is being removed, nothing refers to the layers any more. */
async function unreferencedLayers(store: Store, beforeMs: number): Promise<ChainID[] | undefined> {
  const look = (): ChainID[] => lookForUnreferenced(store, beforeMs);
  return look().length === 0 ? [] : whenQuiet(store, look);
}

function lookForUnreferenced(store: Store, beforeMs: number): ChainID[] {
  // First: what comes meanwhile is not accused.
  const layers = listLayers(store);
  let held: ReadonlySet<ChainID>;
  try {
    held = heldLayers(store);
  } catch (error) {
    // A damaged image does not say what it needs.
    if (isCode(error, 'STORE_CORRUPT', 'CONFIG_INVALID', 'DIGEST_INVALID')) return [];
    throw error;
  }
  return layers.filter((layer) => {
    const stat = held.has(layer) ? undefined : statSync(store.layout.layer(layer), { throwIfNoEntry: false });
    return stat !== undefined && stat.mtimeMs < beforeMs;
  });
}

async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items.values();
  await Promise.all(Array.from({ length: Math.min(items.length, availableParallelism()) }, async () => {
    for (const item of queue) results.push(await work(item));
  }));
  return results;
}
