/**
 * Names that images had: skiff/former-names.json, {"sha256:…":["busybox:latest",…]}, the last one lost first, as containers/storage keeps
 * them. What people look at when they wonder which image a name was before it moved; nothing depends on it. So it is not synced, and
 * where it is damaged or there is no room for it, it is forgone. Written under refs.lock, replaced by rename; readers take no lock.
 */
import { writeFileAtomic } from '../host/atomic-write.ts';
import { log } from '../lib/log.ts';
import type { ImageID } from '../oci/ids.ts';
import { parseJson } from '../oci/json.ts';
import { readOptional } from './_read-optional.ts';
import { hasImage } from './imagedb.ts';
import type { Store } from './index.ts';

/** Of one image; older ones are forgotten. */
const maxNames = 100;
const maxBytes = 16 * 1024 * 1024;

/** The caller holds refs.lock. Names by digest are none that anybody gave. What was kept of images that are gone goes. */
export function keepFormerNames(store: Store, lost: readonly (readonly [reference: string, id: ImageID])[]): void {
  const given = lost.filter(([reference]) => !reference.includes('@'));
  if (given.length === 0) return;
  try {
    const known = readFormerNames(store);
    for (const [reference, id] of given) known.set(id, [reference, ...(known.get(id) ?? []).filter((one) => one !== reference)].slice(0, maxNames));
    const kept = [...known].filter(([id]) => hasImage(store, id as ImageID));
    writeFileAtomic(store.layout.formerNames, JSON.stringify(Object.fromEntries(kept)), { sync: false });
  } catch (error) {
    log.debug(`keep former names: ${String(error)}`);
  }
}

/** By image. Some may be its again. Names are written as in repositories.json. */
export function readFormerNames(store: Store): Map<string, readonly string[]> {
  try {
    const text = readOptional(store.layout.formerNames);
    if (text === undefined) return new Map();
    const document = parseJson(Buffer.from(text), { what: store.layout.formerNames, code: 'STORE_CORRUPT', maxBytes });
    return new Map(Object.entries(document as object).filter((entry): entry is [string, string[]] => Array.isArray(entry[1]) && entry[1].every((name) => typeof name === 'string')));
  } catch (error) {
    log.debug(`read former names: ${String(error)}`);
    return new Map();
  }
}
