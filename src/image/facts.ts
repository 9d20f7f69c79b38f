/** What `images` needs to know of each image. All of it follows from the config's bytes and the layers below it, which never change. */
import { dirname } from 'node:path';
import { config } from '../host/config/index.ts';
import { keptFacts, keptFactsPath } from '../host/kept-facts.ts';
import { hexOf } from '../oci/ids.ts';
import type { ImageID } from '../oci/ids.ts';
import type { Store } from '../storage/index.ts';

export interface ImageFacts {
  /** Milliseconds since the epoch; 0 where the image does not say. */
  readonly createdMs: number;
  /** All layers together. */
  readonly sizeBytes: number;
}

/** `lasting`: false for what may be different next time (a layer is missing). undefined: the image is to be left out. */
export type ReadFacts = (id: ImageID) => { readonly fact: ImageFacts; readonly lasting: boolean } | undefined;

/** Facts of those images that `read` can read; it is asked only for those that nothing is known of. */
export function imageFacts(store: Store, ids: readonly ImageID[], read: ReadFacts, path: string = keptFactsPath(config().runtimeDir, 'image-facts', store.root)): Map<ImageID, ImageFacts> {
  const folder = ids[0] === undefined ? '' : dirname(store.layout.imageConfig(ids[0]));
  return keptFacts({ path, files: new Map(ids.map((id) => [id, `${folder}/${hexOf(id)}`])), read, split: (facts) => [facts, null], unite: (facts) => (isImageFacts(facts) ? facts : undefined) });
}

function isImageFacts(value: unknown): value is ImageFacts {
  const facts = value as ImageFacts | null;
  return typeof facts === 'object' && facts !== null && Number.isFinite(facts.createdMs) && Number.isFinite(facts.sizeBytes);
}
