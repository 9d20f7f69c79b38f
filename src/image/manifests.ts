/**
 * Which manifests belong to an image. Docker's store has no place for them: the raw bytes lie under skiff/manifests by
 * digest (storage/distribution.ts), and which are whose is told by a record for each image (manifest-record.ts).
 */
import { rmSync } from 'node:fs';
import { SkiffError, wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import type { Digest, ImageID } from '../oci/ids.ts';
import { hexOf } from '../oci/ids.ts';
import type { Manifest, Raw } from '../oci/manifest.ts';
import { parseManifest } from '../oci/manifest.ts';
import { putManifest, readManifest } from '../storage/distribution.ts';
import { listImages } from '../storage/imagedb.ts';
import type { Store } from '../storage/index.ts';
import type { KeptManifest, ManifestOrigin } from './manifest-record.ts';
import { readRecord, writeRecord } from './manifest-record.ts';

/**
 * Keeps a manifest as the newest one of an image. Idempotent.
 * @throws MANIFEST_INVALID where it points at another config
 */
export function keepManifest(store: Store, id: ImageID, raw: Uint8Array, origin: ManifestOrigin): Digest {
  const { config } = parseManifest(raw).value;
  if (config.digest !== (id as string)) throw new SkiffError('MANIFEST_INVALID', `manifest points at config ${config.digest}, not at image ${id}`);
  const before = readRecord(store, id);
  const digest = putManifest(store, raw);
  // What was received stays received when the same bytes are made here again.
  const wasReceived = origin === 'received' || before.manifests.some((kept) => kept.digest === digest && kept.origin === 'received');
  const newest: KeptManifest = { digest, origin: wasReceived ? 'received' : 'made' };
  const first = before.first ?? (origin === 'made' && before.manifests.length === 0 ? digest : undefined);
  writeRecord(store, id, { ...before, first, manifests: [newest, ...before.manifests.filter((kept) => kept.digest !== digest)] });
  return digest;
}

/** Keeps an index in which the image was found, as its newest. The image's manifest is to be kept first. Idempotent. */
export function keepIndex(store: Store, id: ImageID, raw: Uint8Array): Digest {
  const digest = putManifest(store, raw);
  const before = readRecord(store, id);
  writeRecord(store, id, { ...before, indexes: [digest, ...before.indexes.filter((other) => other !== digest)] });
  return digest;
}

/** The image's manifests, newest first; their bytes are not looked at. */
export function keptManifests(store: Store, id: ImageID): readonly KeptManifest[] {
  return readRecord(store, id).manifests;
}

/** Indexes in which the image was found, newest first; their bytes are not looked at. */
export function indexDigests(store: Store, id: ImageID): readonly Digest[] {
  return readRecord(store, id).indexes;
}

/** By which digests the image is known: its manifests, newest first, then its indexes. */
export function manifestDigests(store: Store, id: ImageID): Digest[] {
  const { manifests, indexes } = readRecord(store, id);
  return [...manifests.map(({ digest }) => digest), ...indexes];
}

/** The newest manifest of the image (of that origin) whose bytes are there. */
export function newestManifest(store: Store, id: ImageID, origin?: ManifestOrigin): Raw<Manifest> | undefined {
  return firstReadable(store, id, keptManifests(store, id).filter((kept) => origin === undefined || kept.origin === origin));
}

/** The manifest that an image made here was given when it was made, not one that a push made of it later. */
export function firstMadeManifest(store: Store, id: ImageID): Raw<Manifest> | undefined {
  const { first, manifests } = readRecord(store, id);
  const made = manifests.filter(({ origin }) => origin === 'made');
  // In a record without the word it is the last, as long as none was pushed twice.
  return firstReadable(store, id, first === undefined ? made.toReversed() : made.filter(({ digest }) => digest === first));
}

function firstReadable(store: Store, id: ImageID, manifests: readonly KeptManifest[]): Raw<Manifest> | undefined {
  for (const { digest } of manifests) {
    const parsed = keptManifest(store, id, digest);
    if (parsed !== undefined) return parsed;
  }
  return undefined;
}

/** One of the image's manifests by its digest, where its bytes are there. */
export function keptManifest(store: Store, id: ImageID, digest: Digest): Raw<Manifest> | undefined {
  const raw = readManifest(store, digest);
  const parsed = raw === undefined ? undefined : parseManifest(raw);
  return parsed?.value.config.digest === (id as string) ? parsed : undefined;
}

/** Those of `candidates` to which the manifest belongs. */
export function imagesOfManifest(store: Store, digest: Digest, candidates: Iterable<ImageID>): ImageID[] {
  return [...new Set(candidates)].filter((id) => manifestDigests(store, id).includes(digest));
}

/** Drops an image's manifests (each points at one config, so no other image shares them) and those indexes that are no other's. Idempotent. */
export function forgetManifests(store: Store, id: ImageID): void {
  try {
    const indexes = new Set(indexDigests(store, id));
    if (indexes.size > 0) for (const other of listImages(store)) if (other !== id) for (const digest of indexDigests(store, other)) indexes.delete(digest);
    for (const digest of [...keptManifests(store, id).map((kept) => kept.digest), ...indexes]) rmSync(join(store.layout.manifests, hexOf(digest)), { force: true });
    rmSync(store.layout.manifestsOf(id), { force: true });
  } catch (error) {
    throw wrap(error, `forget manifests of image ${id}`);
  }
}
