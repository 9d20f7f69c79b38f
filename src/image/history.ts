/** How an image came to be, newest step first. */
import type { ImageID } from '../oci/ids.ts';
import { chainIDs } from '../oci/ids.ts';
import { readImage } from '../storage/imagedb.ts';
import type { Store } from '../storage/index.ts';
import { readLayer } from '../storage/layerdb.ts';
import { canonicalString } from '../oci/reference.ts';
import type { ResolvedImage } from './index.ts';
import { knownParent, namesByImage } from './summary.ts';

export interface HistoryStep {
  /** The image that ended with this step, where it is in the store. */
  readonly id: ImageID | undefined;
  /** RFC 3339, as written. */
  readonly created: string | undefined;
  readonly createdBy: string;
  readonly sizeBytes: number;
  readonly comment: string;
  /** Names of that image, in full. */
  readonly tags: readonly string[];
}

/** Layers without a history entry (images of tools that write none) get a step of their own at the end of the list. */
export function imageHistory(store: Store, image: ResolvedImage): HistoryStep[] {
  const { config } = image;
  const sizes = chainIDs(config.rootfs.diff_ids).map((layer) => readLayer(store, layer).sizeBytes);
  const names = namesByImage(store);
  const owners = stepOwners(store, image);
  let nextLayer = 0;
  const steps = config.history.map((entry, at): HistoryStep => {
    const id = owners.get(at);
    return {
      id, created: entry.created, createdBy: entry.created_by ?? '', comment: entry.comment ?? '',
      sizeBytes: entry.empty_layer === true ? 0 : sizes[nextLayer++] ?? 0,
      tags: (id === undefined ? [] : names.get(id) ?? []).map(canonicalString),
    };
  });
  const silent = sizes.slice(nextLayer).map((sizeBytes): HistoryStep => ({ id: undefined, created: undefined, createdBy: '', comment: '', sizeBytes, tags: [] }));
  const all = [...steps, ...silent].toReversed();
  const [newest, ...older] = all;
  // An image without any step is still one.
  return newest === undefined ? [] : [{ ...newest, id: image.id, tags: (names.get(image.id) ?? []).map(canonicalString) }, ...older];
}

/** Which step each image on the way here ended with: parents' histories are beginnings of ours. */
function stepOwners(store: Store, image: ResolvedImage): Map<number, ImageID> {
  const owners = new Map<number, ImageID>([[image.config.history.length - 1, image.id]]);
  const seen = new Set<ImageID>([image.id]);
  for (let id = knownParent(store, image.id); id !== undefined && !seen.has(id); id = knownParent(store, id)) {
    seen.add(id);
    const last = readImage(store, id).config.history.length - 1;
    if (last >= 0 && !owners.has(last)) owners.set(last, id);
  }
  return owners;
}
