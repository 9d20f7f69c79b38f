/** Under which digests a layer may already be at a destination: what pulls, pushes and archives have told of it. */
import type { Digest, DiffID } from '../../oci/ids.ts';
import type { Manifest } from '../../oci/manifest.ts';
import { parseManifest } from '../../oci/manifest.ts';
import type { Compression } from '../../oci/media-types.ts';
import { layerCompressionOf } from '../../oci/media-types.ts';
import { canonicalName, normalize, parseReference } from '../../oci/reference.ts';
import { isCode } from '../../lib/errors.ts';
import type { Repository } from '../../registry/index.ts';
import { layerSources, readManifest } from '../../storage/distribution.ts';
import type { Store } from '../../storage/index.ts';
import type { SaveItem } from '../save.ts';
import { keptManifests } from '../manifests.ts';

/** One form of a layer. */
export interface Candidate {
  readonly digest: Digest;
  readonly sizeBytes: number | undefined;
  /** undefined: nobody wrote it down; the blob's first bytes tell. */
  readonly compression: Compression | undefined;
  /** Where it was seen, newest first. */
  readonly repositories: readonly Repository[];
}

/** Manifests of the image whose layers are its layers, the one to be preferred first. */
export function knownManifests(store: Store, image: SaveItem['image'], preferred: Manifest | undefined): Manifest[] {
  const kept = keptManifests(store, image.id).flatMap(({ digest }) => {
    const raw = readManifest(store, digest);
    return raw === undefined ? [] : [parseManifest(raw).value];
  });
  return [...(preferred === undefined ? [] : [preferred]), ...kept].filter(({ layers }) => layers.length === image.config.rootfs.diff_ids.length);
}

/** Of the layer at `position` of an image with these manifests; the likeliest first, each digest once. */
export function candidatesOf(store: Store, diffID: DiffID, position: number, manifests: readonly Manifest[]): Candidate[] {
  const found = new Map<Digest, { sizeBytes: number | undefined; compression: Compression | undefined; repositories: Repository[] }>();
  for (const { layers } of manifests) {
    const layer = layers[position];
    const compression = layer === undefined ? undefined : layerCompressionOf(layer.mediaType);
    if (layer !== undefined && compression !== undefined && !found.has(layer.digest)) found.set(layer.digest, { sizeBytes: layer.size, compression, repositories: [] });
  }
  for (const { digest, repository } of layerSources(store, diffID)) {
    const at = found.get(digest) ?? { sizeBytes: undefined, compression: digest === (diffID as string) ? 'none' : undefined, repositories: [] };
    const parsed = repository === '' ? undefined : tryParse(repository);
    if (parsed !== undefined) at.repositories.push(parsed);
    found.set(digest, at);
  }
  return [...found].map(([digest, rest]) => ({ digest, ...rest }));
}

/** Repositories of a registry in which the image's top layer was seen, newest first. */
export function seenIn(store: Store, image: SaveItem['image'], domain: string): Repository[] {
  const top = image.config.rootfs.diff_ids.at(-1);
  if (top === undefined) return [];
  return layerSources(store, top).flatMap(({ repository }) => (repository === '' ? [] : tryParse(repository) ?? [])).filter((one) => one.domain === domain);
}

export function sameRepository(a: Repository, b: Repository): boolean {
  return canonicalName(a) === canonicalName(b);
}

/** Damage in a cache of facts is absence. */
function tryParse(name: string): Repository | undefined {
  try {
    const { domain, path } = normalize(parseReference(name));
    return { domain, path };
  } catch (error) {
    if (isCode(error, 'REFERENCE_INVALID')) return undefined;
    throw error;
  }
}
