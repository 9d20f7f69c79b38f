/**
 * What was learnt on transferring layers and manifests, so that a push or a save gives the same digests again:
 *   distribution/diffid-by-digest/sha256/<hex>       the diffID of a transferred layer (text)
 *   distribution/v2metadata-by-diffid/sha256/<hex>   JSON array of {Digest, SourceRepository, HMAC}, newest first
 *   skiff/manifests/sha256/<hex>                     manifests and indexes as pulled, raw; Docker has no place for them
 * All of it is a cache of facts that others can check: writers need no lock, readers verify what they use.
 *
 * @see moby distribution/metadata/v2_metadata_service.go
 */
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeFileAtomic } from '../host/atomic-write.ts';
import { bytesIfThere } from '../host/if-there.ts';
import { makeFolders } from '../host/make-folders.ts';
import { wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import type { DiffID, Digest } from '../oci/ids.ts';
import { digestOf, hexOf, parseDiffID, parseDigest } from '../oci/ids.ts';
import type { Store } from './index.ts';
import { findDiffID, listLayers, listNames, readDiffID } from './layerdb.ts';
import { ensureStore } from './store.ts';

/** A layer as it was seen in a registry or an archive. */
export interface LayerSource {
  readonly digest: Digest;
  readonly repository: string;
  /** It was packed here, not received. A field of ours, which Docker passes over. */
  readonly made?: boolean;
}

/** Docker keeps as many for a layer. */
const maxSources = 50;

/** The diffID of a layer that was transferred as `digest`, where it was ever seen. */
export function diffIDOf(store: Store, digest: Digest): DiffID | undefined {
  const text = bytesIfThere(store.layout.diffIDByDigest(digest), 'read transfer records');
  try {
    return text === undefined ? undefined : parseDiffID(text.toString('utf8').trim());
  } catch {
    // A damaged entry of a cache is no entry: the layer is fetched again and the entry rewritten.
    return undefined;
  }
}

/** Where the layer was seen, newest first. */
export function layerSources(store: Store, diffID: DiffID): LayerSource[] {
  const raw = bytesIfThere(store.layout.metadataByDiffID(diffID), 'read transfer records');
  if (raw === undefined) return [];
  try {
    const list: unknown = JSON.parse(raw.toString('utf8'));
    return (Array.isArray(list) ? list : []).map((value: { Digest?: unknown; SourceRepository?: unknown; Made?: unknown }) => ({
      digest: parseDigest(value.Digest), repository: typeof value.SourceRepository === 'string' ? value.SourceRepository : '',
      ...(value.Made === true && { made: true }),
    }));
  } catch {
    // As above: damage in a cache is absence.
    return [];
  }
}

/** Remembers that `diffID` was transferred as `digest`, from or to `repository` ("" for an archive). Idempotent. */
export function recordLayerSource(store: Store, diffID: DiffID, source: LayerSource): void {
  if (!source.digest.startsWith('sha256:')) return; // Docker's folders are by sha256 only.
  const known = layerSources(store, diffID).filter((other) => other.digest !== source.digest || other.repository !== source.repository);
  const list = [source, ...known].slice(0, maxSources).map(({ digest, repository, made }) => ({ Digest: digest, SourceRepository: repository, HMAC: '', ...(made === true && { Made: true }) }));
  put(store, store.layout.metadataByDiffID(diffID), JSON.stringify(list));
  put(store, store.layout.diffIDByDigest(source.digest), diffID);
}

/** Forgets a layer that went, where no other has the same tar. Idempotent. */
export function forgetLayerSources(store: Store, diffID: DiffID): void {
  if (findDiffID(store, diffID) !== undefined) return;
  for (const { digest } of layerSources(store, diffID)) {
    if (digest.startsWith('sha256:') && diffIDOf(store, digest) === diffID) rmSync(store.layout.diffIDByDigest(digest), { force: true });
  }
  rmSync(store.layout.metadataByDiffID(diffID), { force: true });
}

/** Forgets all layers that are not in the store. For the sweeper. */
export function sweepLayerSources(store: Store): void {
  const known = new Set(listLayers(store).flatMap((layer) => readDiffID(store, layer) ?? []));
  const stale = (diffID: string | undefined): boolean => diffID === undefined || !known.has(diffID as DiffID);
  for (const name of recordsIn(dirname(store.layout.metadataByDiffID(parseDiffID(anyDigest))))) {
    if (stale(`sha256:${name}`)) rmSync(store.layout.metadataByDiffID(parseDiffID(`sha256:${name}`)), { force: true });
  }
  for (const name of recordsIn(dirname(store.layout.diffIDByDigest(anyDigest)))) {
    const digest = parseDigest(`sha256:${name}`);
    if (stale(diffIDOf(store, digest))) rmSync(store.layout.diffIDByDigest(digest), { force: true });
  }
}

const anyDigest = parseDigest(`sha256:${'0'.repeat(64)}`);

function recordsIn(folder: string): string[] {
  return listNames(folder).filter((name) => /^[0-9a-f]{64}$/.test(name));
}

/** Keeps a manifest or index as it came. Returns its digest. Idempotent. */
export function putManifest(store: Store, raw: Uint8Array): Digest {
  const digest = digestOf(raw);
  put(store, join(store.layout.manifests, hexOf(digest)), raw);
  return digest;
}

/** The bytes of a kept manifest; undefined where it was never kept or no longer has its digest. */
export function readManifest(store: Store, digest: Digest): Buffer | undefined {
  if (!digest.startsWith('sha256:')) return undefined;
  const raw = bytesIfThere(join(store.layout.manifests, hexOf(digest)), 'read transfer records');
  return raw !== undefined && digestOf(raw) === digest ? raw : undefined;
}

/** Digests of every kept manifest and index. */
export function listManifests(store: Store): Digest[] {
  return listNames(store.layout.manifests).filter((name) => /^[0-9a-f]{64}$/.test(name)).map((name) => parseDigest(`sha256:${name}`));
}

function put(store: Store, path: string, data: string | Uint8Array): void {
  ensureStore(store);
  try {
    makeFolders(dirname(path), 0o700);
    // A lost entry costs a transfer, not an image: no sync.
    writeFileAtomic(path, data, { mode: 0o644, sync: false });
  } catch (error) {
    throw wrap(error, 'write transfer records');
  }
}
