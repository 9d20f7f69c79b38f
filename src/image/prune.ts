/** Removing images and manifest lists that nothing needs: `image prune`, `system prune`. */
import { isCode } from '../lib/errors.ts';
import type { ImageID } from '../oci/ids.ts';
import { hexOf } from '../oci/ids.ts';
import { hasImage } from '../storage/imagedb.ts';
import type { Store } from '../storage/index.ts';
import type { ImagePredicate } from './filter.ts';
import type { ImageUse } from './index.ts';
import { removeList } from './lists/list-store.ts';
import { summarizeLists } from './lists/summary.ts';
import type { Removal, RemoveRequest } from './remove.ts';
import { removeImage } from './remove.ts';
import { isDangling, summarizeImages } from './summary.ts';

export interface PruneRequest {
  /** Named images too. */
  readonly all: boolean;
  /** --filter: only these. */
  readonly only: ImagePredicate;
  /** As RemoveRequest has it. */
  readonly uses: () => readonly ImageUse[];
}

/** Returns what is gone, in the order in which it went. What is in use stays, also what came into use while we looked. Inside the user namespace. */
export async function pruneImages(store: Store, { all, only, uses }: PruneRequest): Promise<ImageID[]> {
  const gone: ImageID[] = await pruneLists(store, all, only);
  const used = new Set(uses().map(({ image }) => image));
  // Children before their parents: with the last child gone, a parent with a name of its own is the next round's.
  for (let before = -1; before !== gone.length;) {
    before = gone.length;
    for (const image of summarizeImages(store)) {
      if (used.has(image.id) || (!all && !isDangling(image)) || !only(image) || image.hasChildren || !hasImage(store, image.id)) continue;
      gone.push(...(await removeUnlessNeeded(store, { match: { id: image.id }, force: true, noPrune: false, onlyNameless: !all, uses })).deleted);
    }
  }
  return gone;
}

/** No container stands on a list, only on its images. */
async function pruneLists(store: Store, all: boolean, only: ImagePredicate): Promise<ImageID[]> {
  const gone: ImageID[] = [];
  for (const list of summarizeLists(store)) {
    if ((all || isDangling(list)) && only(list) && await removeList(store, hexOf(list.id), { onlyNameless: !all })) gone.push(list.id);
  }
  return gone;
}

/** Between looking and removing, another command may have removed the image or started to use it: both settle the matter. */
async function removeUnlessNeeded(store: Store, request: RemoveRequest): Promise<Removal> {
  try {
    return await removeImage(store, request);
  } catch (error) {
    if (isCode(error, 'IMAGE_UNKNOWN', 'IMAGE_IN_USE')) return { untagged: [], deleted: [] };
    throw error;
  }
}
