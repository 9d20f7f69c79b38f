/**
 * Which manifests belong to an image. Docker's store has no place for them: the raw bytes lie under skiff/manifests by
 * digest (storage/distribution.ts), and skiff/manifests/of/<image> lists those of one image, newest first, a line each:
 * the digest, and "made" behind it where the manifest was written here and not received, or "index" where it is an index in
 * which the image was found. An index may belong to several images.
 * All of it is a cache: an entry without its image or its bytes counts as absent.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../host/atomic-write.ts';
import { textIfThere } from '../host/if-there.ts';
import { SkiffError, wrap } from '../lib/errors.ts';
import type { Digest, ImageID } from '../oci/ids.ts';
import { hexOf, parseDigest } from '../oci/ids.ts';
import type { Manifest, Raw } from '../oci/manifest.ts';
import { parseManifest } from '../oci/manifest.ts';
import { putManifest, readManifest } from '../storage/distribution.ts';
import { listImages } from '../storage/imagedb.ts';
import type { Store } from '../storage/index.ts';

const maxKept = 20;

/** Where a manifest is from: received with the image, or made here for one that came without. */
export type ManifestOrigin = 'received' | 'made';
export interface KeptManifest { readonly digest: Digest; readonly origin: ManifestOrigin }

/**
 * Keeps a manifest as the newest one of an image. Idempotent.
 * @throws MANIFEST_INVALID where it points at another config
 */
export function keepManifest(store: Store, id: ImageID, raw: Uint8Array, origin: ManifestOrigin): Digest {
  const { config } = parseManifest(raw).value;
  if (config.digest !== (id as string)) throw new SkiffError('MANIFEST_INVALID', `manifest points at config ${config.digest}, not at image ${id}`);
  const before = keptManifests(store, id);
  const digest = putManifest(store, raw);
  // What was received stays received when the same bytes are made here again.
  const wasReceived = origin === 'received' || before.some((kept) => kept.digest === digest && kept.origin === 'received');
  const newest: KeptManifest = { digest, origin: wasReceived ? 'received' : 'made' };
  writeList(store, id, [newest, ...before.filter((kept) => kept.digest !== digest)], indexDigests(store, id));
  return digest;
}

/** Keeps an index in which the image was found, as its newest. The image's manifest is to be kept first. Idempotent. */
export function keepIndex(store: Store, id: ImageID, raw: Uint8Array): Digest {
  const digest = putManifest(store, raw);
  writeList(store, id, keptManifests(store, id), [digest, ...indexDigests(store, id).filter((other) => other !== digest)]);
  return digest;
}

function writeList(store: Store, id: ImageID, manifests: readonly KeptManifest[], indexes: readonly Digest[]): void {
  const path = store.layout.manifestsOf(id);
  const lines = [
    ...manifests.slice(0, maxKept).map(({ digest, origin }) => (origin === 'made' ? `${digest} made` : digest)),
    ...indexes.slice(0, maxKept).map((digest) => `${digest} index`),
  ];
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileAtomic(path, lines.map((line) => `${line}\n`).join(''), { mode: 0o600, sync: false });
  } catch (error) {
    throw wrap(error, `keep manifest of image ${id}`);
  }
}

/** The image's manifests, newest first; their bytes are not looked at. */
export function keptManifests(store: Store, id: ImageID): KeptManifest[] {
  return [...readList(store, id).matchAll(/^(sha256:[0-9a-f]{64})( made)?$/gm)].map(([, digest, made]) => ({ digest: parseDigest(digest), origin: made === undefined ? 'received' : 'made' }));
}

/** Indexes in which the image was found, newest first; their bytes are not looked at. */
export function indexDigests(store: Store, id: ImageID): Digest[] {
  return [...readList(store, id).matchAll(/^(sha256:[0-9a-f]{64}) index$/gm)].map(([, digest]) => parseDigest(digest));
}

/** By which digests the image is known: its manifests, newest first, then its indexes. */
export function manifestDigests(store: Store, id: ImageID): Digest[] {
  return [...keptManifests(store, id).map(({ digest }) => digest), ...indexDigests(store, id)];
}

function readList(store: Store, id: ImageID): string {
  return textIfThere(store.layout.manifestsOf(id), `read manifests of image ${id}`) ?? '';
}

/** The newest manifest of the image (of that origin) whose bytes are there. */
export function newestManifest(store: Store, id: ImageID, origin?: ManifestOrigin): Raw<Manifest> | undefined {
  for (const kept of keptManifests(store, id)) {
    const raw = origin === undefined || kept.origin === origin ? readManifest(store, kept.digest) : undefined;
    if (raw === undefined) continue;
    const parsed = parseManifest(raw);
    if (parsed.value.config.digest === (id as string)) return parsed;
  }
  return undefined;
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
