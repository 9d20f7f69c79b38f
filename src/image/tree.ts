/** The layers of an image and where images end on the way, or which images stand upon it. */
import type { ChainID } from '../oci/ids.ts';
import { chainIDs } from '../oci/ids.ts';
import type { NamedReference } from '../oci/reference.ts';
import { canonicalString } from '../oci/reference.ts';
import type { Store } from '../storage/index.ts';
import { readLayer } from '../storage/layerdb.ts';
import type { ResolvedImage } from './index.ts';
import { summarizeImages } from './summary.ts';

export interface LayerNode {
  readonly layer: ChainID;
  readonly sizeBytes: number;
  /** Names of the images whose topmost layer it is. */
  readonly topOf: readonly string[];
  /** Layers upon it; in the order of their ids. */
  readonly above: readonly LayerNode[];
}

/** From the base layer up to the image's own topmost; each has one above it. undefined for an image without layers. @throws NOT_FOUND, STORE_CORRUPT */
export function layersBelow(store: Store, image: ResolvedImage): LayerNode | undefined {
  return nest(store, new Map(), chainIDs(image.config.rootfs.diff_ids), tops(store));
}

/** The image's base layer with every layer of every image that has the image's topmost one. */
export function layersUpon(store: Store, image: ResolvedImage): LayerNode | undefined {
  const own = chainIDs(image.config.rootfs.diff_ids);
  const top = own.at(-1);
  const children = new Map<ChainID, Set<ChainID>>();
  for (const { config } of summarizeImages(store)) {
    const chain = chainIDs(config.rootfs.diff_ids);
    const from = top === undefined ? -1 : chain.indexOf(top);
    if (from < 0) continue;
    for (let at = from + 1; at < chain.length; at++) {
      const below = chain[at - 1] as ChainID;
      children.set(below, (children.get(below) ?? new Set()).add(chain[at] as ChainID));
    }
  }
  return nest(store, children, own, tops(store));
}

/** `chain`, one upon the other, and then what `children` says. */
function nest(store: Store, children: ReadonlyMap<ChainID, ReadonlySet<ChainID>>, [layer, ...rest]: readonly ChainID[], topOf: ReadonlyMap<ChainID, readonly string[]>): LayerNode | undefined {
  if (layer === undefined) return undefined;
  const above = rest.length > 0 ? [rest] : [...(children.get(layer) ?? [])].toSorted().map((child) => [child]);
  return {
    layer, sizeBytes: readLayer(store, layer).sizeBytes, topOf: topOf.get(layer) ?? [],
    above: above.flatMap((chain) => nest(store, children, chain, topOf) ?? []),
  };
}

function tops(store: Store): Map<ChainID, readonly string[]> {
  const found = new Map<ChainID, readonly string[]>();
  for (const { config, names } of summarizeImages(store)) {
    const top = chainIDs(config.rootfs.diff_ids).at(-1);
    if (top !== undefined && names.length > 0) found.set(top, [...(found.get(top) ?? []), ...names.map((name: NamedReference) => canonicalString(name))]);
  }
  return found;
}
