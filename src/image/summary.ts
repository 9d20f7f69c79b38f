/**
 * What a listing knows of each image: config, names, size, manifest, place in the tree of parents. Read without locks; an
 * image that is removed meanwhile is left out.
 */
import { isCode } from '../lib/errors.ts';
import { log } from '../lib/log.ts';
import type { ChainID, Digest, ImageID } from '../oci/ids.ts';
import { chainIDs } from '../oci/ids.ts';
import type { ImageConfig } from '../oci/image-config.ts';
import type { NamedReference } from '../oci/reference.ts';
import { canonicalString, normalize, parseReference } from '../oci/reference.ts';
import { readFormerNames } from '../storage/former-names.ts';
import { hasImage, listImages, parentOf, readImage } from '../storage/imagedb.ts';
import type { Store } from '../storage/index.ts';
import { readLayerSize } from '../storage/layerdb.ts';
import { readRepositories } from '../storage/repositories.ts';
import type { ImageFacts } from './facts.ts';
import { imageFacts } from './facts.ts';
import type { ImageUse } from './index.ts';
import type { ManifestRecord } from './manifest-record.ts';
import { readRecord } from './manifest-record.ts';
import { digestToShow, repoDigests } from './name-digests.ts';

/** Plain to read; what costs a file or more is read when it is asked for. */
export interface ImageSummary {
  readonly id: ImageID;
  readonly config: ImageConfig;
  /** Sorted; with tags, with digests, or both. */
  readonly names: readonly NamedReference[];
  readonly createdMs: number;
  /** All layers together. */
  readonly sizeBytes: number;
  /** Of those layers that another image has as well. */
  readonly sharedBytes: number;
  /** The one to show of the image; of one of its names: digestOf. */
  readonly digest: Digest | undefined;
  /** Of its manifests and of the indexes in which it was found. */
  readonly digests: readonly Digest[];
  /** REPOSITORY@DIGEST. */
  readonly repoDigests: readonly string[];
  readonly parent: ImageID | undefined;
  readonly hasChildren: boolean;
  /** In full, the last one lost first; some may be its again. */
  readonly formerNames: readonly string[];
  /** Containers that were made from it. */
  readonly containers: number;
  digestOf(name: NamedReference): Digest | undefined;
  /** Of the listing of manifest lists (lists/summary.ts). */
  readonly isManifestList?: boolean;
}

/** In no particular order. */
export function summarizeImages(store: Store, uses: readonly ImageUse[] = []): ImageSummary[] {
  const names = namesByImage(store);
  const used = new Map<ImageID, number>();
  for (const { image, container } of uses) if (container !== undefined) used.set(image, (used.get(image) ?? 0) + 1);
  const sizeOf = layerSizes(store);
  const facts = imageFacts(store, listImages(store), (id) => {
    const image = tryRead(store, id);
    if (image === undefined) return undefined;
    const sizes = chainIDs(image.config.rootfs.diff_ids).map(sizeOf);
    return { fact: { createdMs: createdMs(image.config), sizeBytes: sum(sizes) }, lasting: !sizes.includes(undefined) };
  });
  const family = new Family(store, [...facts.keys()], sizeOf);
  return [...facts].map(([id, known]) => new Summary(family, id, names.get(id) ?? [], known, used.get(id) ?? 0));
}

/** A class and not literals with getters: five hundred of those cost milliseconds. */
class Summary implements ImageSummary {
  readonly #family: Family;
  #record: ManifestRecord | undefined;
  readonly id: ImageID;
  readonly names: readonly NamedReference[];
  readonly createdMs: number;
  readonly sizeBytes: number;
  readonly containers: number;

  constructor(family: Family, id: ImageID, names: readonly NamedReference[], facts: ImageFacts, containers: number) {
    this.#family = family;
    this.id = id;
    this.names = names;
    this.createdMs = facts.createdMs;
    this.sizeBytes = facts.sizeBytes;
    this.containers = containers;
  }

  get config(): ImageConfig { return this.#family.configOf(this.id); }
  get sharedBytes(): number { return this.#family.sharedBytes(this.id); }
  get #known(): ManifestRecord { return this.#record ??= readRecord(this.#family.store, this.id); }
  get digest(): Digest | undefined { return digestToShow(this.#known); }
  get digests(): readonly Digest[] { return [...this.#known.manifests.map(({ digest }) => digest), ...this.#known.indexes]; }
  get repoDigests(): readonly string[] { return repoDigests(this.#known, this.names); }
  digestOf(name: NamedReference): Digest | undefined { return digestToShow(this.#known, name); }
  get formerNames(): readonly string[] { return this.#family.formerNames.get(this.id) ?? []; }
  get parent(): ImageID | undefined { return this.#family.parents.get(this.id); }
  get hasChildren(): boolean { return this.#family.withChildren.has(this.id); }
}

/** What is known only of all images together. Each part is read once, when it is asked for. */
class Family {
  readonly store: Store;
  readonly #ids: readonly ImageID[];
  readonly #sizeOf: (layer: ChainID) => number | undefined;
  readonly #configs = new Map<ImageID, ImageConfig>();
  #owners: Map<ChainID, number> | undefined;
  #parents: Map<ImageID, ImageID | undefined> | undefined;
  #withChildren: Set<ImageID | undefined> | undefined;
  #formerNames: ReadonlyMap<ImageID, readonly string[]> | undefined;

  constructor(store: Store, ids: readonly ImageID[], sizeOf: (layer: ChainID) => number | undefined) {
    this.store = store;
    this.#ids = ids;
    this.#sizeOf = sizeOf;
  }

  /** Of an image that was removed since it was listed, nothing but that it was there. */
  configOf(id: ImageID): ImageConfig {
    let known = this.#configs.get(id);
    if (known === undefined) {
      known = tryRead(this.store, id)?.config ?? { architecture: '', os: '', config: {}, rootfs: { type: 'layers', diff_ids: [] }, history: [] };
      this.#configs.set(id, known);
    }
    return known;
  }

  sharedBytes(id: ImageID): number {
    return sum(chainIDs(this.configOf(id).rootfs.diff_ids).filter((layer) => this.#ownersOf(layer) > 1).map(this.#sizeOf));
  }

  #ownersOf(layer: ChainID): number {
    if (this.#owners === undefined) {
      this.#owners = new Map();
      for (const id of this.#ids) for (const one of chainIDs(this.configOf(id).rootfs.diff_ids)) this.#owners.set(one, (this.#owners.get(one) ?? 0) + 1);
    }
    return this.#owners.get(layer) ?? 0;
  }

  get formerNames(): ReadonlyMap<ImageID, readonly string[]> {
    this.#formerNames ??= formerNames(this.store);
    return this.#formerNames;
  }

  get parents(): ReadonlyMap<ImageID, ImageID | undefined> {
    this.#parents ??= new Map(this.#ids.map((id) => [id, knownParent(this.store, id)]));
    return this.#parents;
  }

  get withChildren(): ReadonlySet<ImageID | undefined> {
    this.#withChildren ??= new Set(this.parents.values());
    return this.#withChildren;
  }
}

/** Dangling: nothing but its id names it. */
export function isDangling(summary: ImageSummary): boolean {
  return summary.names.length === 0;
}

/** Intermediate: a step on the way to another image, without a name of its own. */
export function isIntermediate(summary: ImageSummary): boolean {
  return isDangling(summary) && summary.hasChildren;
}

/** Names of every image, as normalised references, sorted: tags before digests. Damaged names are left out, with a warning. */
export function namesByImage(store: Store): Map<ImageID, NamedReference[]> {
  const found = new Map<ImageID, NamedReference[]>();
  for (const [, references] of readRepositories(store)) {
    for (const [text, id] of [...references].toSorted(([a], [b]) => Number(a.includes('@')) - Number(b.includes('@')) || (a < b ? -1 : 1))) {
      const name = tryParse(text);
      if (name !== undefined) found.set(id, [...(found.get(id) ?? []), name]);
    }
  }
  return found;
}

/** Names that images had, in full, by image: the last one lost first. Some may be theirs again. */
export function formerNames(store: Store): Map<ImageID, readonly string[]> {
  return new Map([...readFormerNames(store)].map(([id, names]) => [id as ImageID, names.map(tryParse).filter((name) => name !== undefined).map(canonicalString)]));
}

/** What an image is called, then what it was called: each once, in full. */
export function namesHistory(names: readonly NamedReference[], former: readonly string[]): string[] {
  return [...new Set([...names.map(canonicalString), ...former])];
}

/** The parent that `commit` or `build` recorded, where it is still there. */
export function knownParent(store: Store, id: ImageID): ImageID | undefined {
  const parent = parentOf(store, id);
  return parent !== undefined && hasImage(store, parent) ? parent : undefined;
}

/** All layers of an image together, in bytes. Layers that are missing count as nothing. */
export function imageSize(store: Store, config: ImageConfig): number {
  return sum(chainIDs(config.rootfs.diff_ids).map(layerSizes(store)));
}

/** Milliseconds since the epoch; 0 where the image does not say or says nonsense. */
export function createdMs(config: ImageConfig): number {
  const time = Date.parse(config.created ?? '');
  return Number.isNaN(time) ? 0 : time;
}

function tryRead(store: Store, id: ImageID): { id: ImageID; config: ImageConfig } | undefined {
  try {
    return readImage(store, id);
  } catch (error) {
    if (isCode(error, 'IMAGE_UNKNOWN')) return undefined;
    // One damaged image must not hide the others.
    if (isCode(error, 'STORE_CORRUPT', 'CONFIG_INVALID', 'DIGEST_INVALID')) {
      log.warn(`list images: ${error.message}`);
      return undefined;
    }
    throw error;
  }
}

function tryParse(text: string): NamedReference | undefined {
  try {
    return normalize(parseReference(text));
  } catch (error) {
    if (!isCode(error, 'REFERENCE_INVALID')) throw error;
    log.warn(`list images: ${error.message}`);
    return undefined;
  }
}

/** Reads each layer's size once; undefined where it is missing or damaged. */
function layerSizes(store: Store): (layer: ChainID) => number | undefined {
  const known = new Map<ChainID, number | undefined>();
  return (layer) => {
    if (!known.has(layer)) known.set(layer, sizeOfLayer(store, layer));
    return known.get(layer);
  };
}

function sizeOfLayer(store: Store, layer: ChainID): number | undefined {
  try {
    return readLayerSize(store, layer);
  } catch (error) {
    if (isCode(error, 'NOT_FOUND', 'STORE_CORRUPT')) return undefined;
    throw error;
  }
}

function sum(numbers: readonly (number | undefined)[]): number {
  return numbers.reduce((total: number, number) => total + (number ?? 0), 0);
}
