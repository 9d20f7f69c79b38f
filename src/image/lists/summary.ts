/** Manifest lists among images: what a listing shows of them. */
import { digestOf, parseImageID } from '../../oci/ids.ts';
import { canonicalName, normalize, parseReference } from '../../oci/reference.ts';
import type { Store } from '../../storage/index.ts';
import type { ImageSummary } from '../summary.ts';
import { indexBytes } from './build-index.ts';
import { readLists } from './list-store.ts';

/** A list's size is that of its index: its images are listed for themselves. */
export function summarizeLists(store: Store): ImageSummary[] {
  return readLists(store).map((list) => {
    const raw = indexBytes(list);
    const digest = digestOf(raw);
    const names = list.names.map((name) => normalize(parseReference(name)));
    const createdMs = Date.parse(list.created);
    return {
      id: parseImageID(`sha256:${list.id}`), names, createdMs: Number.isNaN(createdMs) ? 0 : createdMs,
      config: { architecture: '', os: '', config: {}, rootfs: { type: 'layers', diff_ids: [] }, history: [] },
      sizeBytes: raw.length, sharedBytes: 0, digest, digests: [digest], digestOf: () => digest, repoDigests: [...new Set(names.map(canonicalName))].map((name) => `${name}@${digest}`), formerNames: [], parent: undefined, hasChildren: false, containers: 0, isManifestList: true,
    };
  });
}
