/** Under which digests a layer may already be at a destination: what pulls, pushes and archives have told of it. */
import type { Digest, DiffID } from '../../oci/ids.ts';
import type { Manifest } from '../../oci/manifest.ts';
import type { Compression } from '../../oci/media-types.ts';
import { layerCompressionOf } from '../../oci/media-types.ts';
import { canonicalName, normalize, parseReference } from '../../oci/reference.ts';
import { isCode } from '../../lib/errors.ts';
import type { Repository } from '../../registry/index.ts';
import { layerSources } from '../../storage/distribution.ts';
import type { Store } from '../../storage/index.ts';
import type { SaveItem } from '../save.ts';
import type { ManifestOrigin } from '../manifest-record.ts';
import { readRecord } from '../manifest-record.ts';
import { keptManifest } from '../manifests.ts';
import { repositoriesOf } from '../name-digests.ts';

/** One form of a layer. */
export interface Candidate {
  readonly digest: Digest;
  readonly sizeBytes: number | undefined;
  /** undefined: nobody wrote it down; the blob's first bytes tell. */
  readonly compression: Compression | undefined;
  /** Where it was seen, newest first. */
  readonly repositories: readonly Repository[];
  /** Whether it is a form that was chosen here, in an earlier push, and never received. */
  readonly made: boolean;
}

/** A manifest of an image, and where it was seen. */
export interface KnownManifest { readonly digest: Digest; readonly value: Manifest; readonly origin: ManifestOrigin; readonly repositories: readonly Repository[] }

/** Manifests of the image whose layers are its layers, the one to be preferred first. */
export function knownManifests(store: Store, image: SaveItem['image'], preferred: Digest | undefined): KnownManifest[] {
  const record = readRecord(store, image.id);
  const known = record.manifests.flatMap(({ digest, origin }): KnownManifest[] => {
    const kept = keptManifest(store, image.id, digest);
    return kept === undefined ? [] : [{ digest, value: kept.value, origin, repositories: repositoriesOf(record, digest) }];
  });
  return known.filter(({ value }) => value.layers.length === image.config.rootfs.diff_ids.length).toSorted((a, b) => Number(b.digest === preferred) - Number(a.digest === preferred));
}

/** Of the layer at `position` of an image with these manifests; the likeliest first, each digest once. */
export function candidatesOf(store: Store, diffID: DiffID, position: number, manifests: readonly KnownManifest[]): Candidate[] {
  const found = new Map<Digest, { sizeBytes: number | undefined; compression: Compression | undefined; repositories: Repository[]; made: boolean }>();
  for (const { value: { layers }, origin, repositories } of manifests) {
    const layer = layers[position];
    const compression = layer === undefined ? undefined : layerCompressionOf(layer.mediaType);
    if (layer === undefined || compression === undefined) continue;
    const at = found.get(layer.digest);
    if (at === undefined) found.set(layer.digest, { sizeBytes: layer.size, compression, repositories: [...repositories], made: origin === 'made' });
    else {
      at.repositories.push(...repositories.filter((from) => !at.repositories.some((one) => sameRepository(one, from))));
      at.made &&= origin === 'made';
    }
  }
  for (const { digest, repository, made = false } of layerSources(store, diffID)) {
    const at = found.get(digest) ?? { sizeBytes: undefined, compression: digest === (diffID as string) ? 'none' : undefined, repositories: [], made: true };
    const parsed = repository === '' ? undefined : tryParse(repository);
    if (parsed !== undefined && !at.repositories.some((one) => sameRepository(one, parsed))) at.repositories.push(parsed);
    at.made &&= made;
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
