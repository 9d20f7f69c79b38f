/**
 * imagedb: image configs by their digest, and what Docker keeps beside them (parent, lastUpdated). An image exists when its
 * content file does.
 *
 * @see moby image/fs.go
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncDir, writeFileAtomic } from '../host/atomic-write.ts';
import { textIfThere } from '../host/if-there.ts';
import { makeFolders } from '../host/make-folders.ts';
import { SkiffError, isCode, isErrno, wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import type { ImageID } from '../oci/ids.ts';
import { chainIDs, digestOf, parseImageID } from '../oci/ids.ts';
import type { ImageConfig } from '../oci/image-config.ts';
import { parseImageConfig } from '../oci/image-config.ts';
import type { Store } from './index.ts';
import { hasLayer, listNames } from './layerdb.ts';
import { noteRemoval } from './removal-notes.ts';
import { ensureStore } from './store.ts';

export interface StoredImage {
  readonly id: ImageID;
  /** The bytes whose digest is the id. */
  readonly raw: Buffer;
  readonly config: ImageConfig;
}

/** @throws IMAGE_UNKNOWN where it is not in the store, STORE_CORRUPT where its bytes don't have its digest */
export function readImage(store: Store, id: ImageID): StoredImage {
  let raw: Buffer;
  try {
    raw = readFileSync(store.layout.imageConfig(id));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) throw new SkiffError('IMAGE_UNKNOWN', `image ${id} is not in the store`, { data: { id } });
    throw wrap(error, `read image ${id}`);
  }
  if ((digestOf(raw) as string) !== id) throw new SkiffError('STORE_CORRUPT', `image ${id} is damaged: its config has another digest`, { data: { id } });
  return { id, raw, config: parseImageConfig(raw) };
}

export function hasImage(store: Store, id: ImageID): boolean {
  return existsSync(store.layout.imageConfig(id));
}

/** Every image in the store, sorted. */
export function listImages(store: Store): ImageID[] {
  return listNames(join(store.layout.image, 'imagedb', 'content', 'sha256')).filter((name) => /^[0-9a-f]{64}$/.test(name)).toSorted().map((name) => parseImageID(`sha256:${name}`));
}

/**
 * Stores a config. Its layers must be in the store already: an image never points at nothing. Idempotent.
 * @throws CONFIG_INVALID, NOT_FOUND (a layer), NO_SPACE, IO
 */
export function putImage(store: Store, rawConfig: Uint8Array, options: { parent?: ImageID | undefined } = {}): ImageID {
  const config = parseImageConfig(rawConfig);
  const top = chainIDs(config.rootfs.diff_ids).at(-1);
  if (top !== undefined && !hasLayer(store, top)) throw new SkiffError('NOT_FOUND', `store image: layer ${top} is not in the store`, { data: { chainID: top } });
  const id = parseImageID(digestOf(rawConfig));
  ensureStore(store);
  if (options.parent !== undefined) writeMetadata(store, id, 'parent', options.parent);
  try {
    writeFileAtomic(store.layout.imageConfig(id), rawConfig, { mode: 0o600 });
  } catch (error) {
    throw wrap(error, `store image ${id}`);
  }
  return id;
}

/** The image that `commit` or `build` started from, where it was said. */
export function parentOf(store: Store, id: ImageID): ImageID | undefined {
  const text = readMetadata(store, id, 'parent');
  return text === undefined ? undefined : parseImageID(text);
}

/** When a name was last given to the image: RFC 3339 with nanoseconds. */
export function lastUpdated(store: Store, id: ImageID): string | undefined {
  return readMetadata(store, id, 'lastUpdated');
}

export function setLastUpdated(store: Store, id: ImageID, time: string): void {
  writeMetadata(store, id, 'lastUpdated', time);
}

/** Removes the image's config and metadata, not its names and not its layers: call deleteLayers (gc.ts) after it. Idempotent. */
export function deleteImage(store: Store, id: ImageID): void {
  const path = store.layout.imageConfig(id);
  noteTopLayer(store, id);
  try {
    rmSync(path, { force: true });
    syncDir(dirname(path));
    rmSync(dirname(store.layout.imageMetadata(id, 'parent')), { recursive: true, force: true });
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw wrap(error, `remove image ${id}`);
  }
}

/** So that layers don't outlive a removal that is cut before deleteLayers (gc.ts). */
function noteTopLayer(store: Store, id: ImageID): void {
  try {
    const top = chainIDs(readImage(store, id).config.rootfs.diff_ids).at(-1);
    if (top !== undefined) noteRemoval(store, id, top);
  } catch (error) {
    // A damaged image does not say what its layers are, and has to be removable all the same.
    if (!isCode(error, 'IMAGE_UNKNOWN', 'STORE_CORRUPT', 'CONFIG_INVALID', 'DIGEST_INVALID')) throw error;
  }
}

function readMetadata(store: Store, id: ImageID, key: 'parent' | 'lastUpdated'): string | undefined {
  return textIfThere(store.layout.imageMetadata(id, key), `read image ${id}`)?.trim();
}

function writeMetadata(store: Store, id: ImageID, key: 'parent' | 'lastUpdated', text: string): void {
  const path = store.layout.imageMetadata(id, key);
  try {
    makeFolders(dirname(path), 0o700);
    writeFileAtomic(path, text, { mode: 0o644 });
  } catch (error) {
    throw wrap(error, `store image ${id}`);
  }
}
