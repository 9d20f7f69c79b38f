/**
 * Notes of removals under way: layerdb/tmp/removing-<image> holds the image's top layer from before the image's config goes until
 * its layers were looked after. Of a removal that was cut in between, the next sweep does the rest.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { isErrno, wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import type { ChainID, ImageID } from '../oci/ids.ts';
import { hexOf, parseChainID } from '../oci/ids.ts';
import { readOptional } from './_read-optional.ts';
import type { Store } from './index.ts';
import { listNames } from './layerdb.ts';

export interface RemovalNote { readonly path: string; /** undefined where the note was cut short. */ readonly top: ChainID | undefined }

/** Best effort: on a full disk an image must still go, and then a cut may leave its layers. */
export function noteRemoval(store: Store, id: ImageID, top: ChainID): void {
  const path = join(store.layout.layerdbTmp, `removing-${hexOf(id)}`);
  try {
    writeFileSync(path, top, { mode: 0o600 });
  } catch (error) {
    if (!isErrno(error, 'ENOSPC', 'EDQUOT')) throw wrap(error, `remove image ${id}`);
    rmSync(path, { force: true });
  }
}

export function pendingRemovals(store: Store): RemovalNote[] {
  const notes: RemovalNote[] = [];
  for (const name of listNames(store.layout.layerdbTmp)) {
    if (!/^removing-[0-9a-f]{64}$/.test(name)) continue;
    const path = join(store.layout.layerdbTmp, name);
    const text = readOptional(path);
    if (text !== undefined) notes.push({ path, top: /^sha256:[0-9a-f]{64}$/.test(text) ? parseChainID(text) : undefined });
  }
  return notes;
}
