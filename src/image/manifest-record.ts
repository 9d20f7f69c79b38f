/**
 * What is known of an image's manifests, in skiff/manifests/of/<image>, a line a fact, newest first within its kind:
 *   DIGEST             a manifest of the image, received with it
 *   DIGEST made        one that was written here
 *   DIGEST first       the one of these with which the image was made, not one that a push made of it
 *   DIGEST index       an index in which the image was found; it may belong to several images
 *   DIGEST as NAME     what NAME was in its registry, or archive, when the image was received or pushed by it
 *   DIGEST for NAME    the same, where NAME was given here to what had that digest
 * A name that led through an index has a line for it, and then one for the manifest. All of it is a cache: lines that make no
 * sense, and those whose manifest is not kept, count as absent.
 */
import { dirname } from 'node:path';
import { writeFileAtomic } from '../host/atomic-write.ts';
import { textIfThere } from '../host/if-there.ts';
import { makeFolders } from '../host/make-folders.ts';
import { wrap } from '../lib/errors.ts';
import type { Digest, ImageID } from '../oci/ids.ts';
import { parseDigest } from '../oci/ids.ts';
import type { Store } from '../storage/index.ts';

const maxKept = 20;
const maxNamed = 1000;

/** Where a manifest is from: received with the image, or made here for one that came without. */
export type ManifestOrigin = 'received' | 'made';
export interface KeptManifest { readonly digest: Digest; readonly origin: ManifestOrigin }

export interface NamedDigest {
  readonly digest: Digest;
  /** In full, with tag or digest. */
  readonly name: string;
  /** Whether it was found, or put, under that name. */
  readonly seen: boolean;
}

export interface ManifestRecord {
  readonly manifests: readonly KeptManifest[];
  /** Among them; undefined for an image that was received, and where it was not written down. */
  readonly first?: Digest | undefined;
  readonly indexes: readonly Digest[];
  readonly named: readonly NamedDigest[];
}

export function readRecord(store: Store, id: ImageID): ManifestRecord {
  const manifests: KeptManifest[] = [];
  const indexes: Digest[] = [];
  const named: NamedDigest[] = [];
  let first: Digest | undefined;
  const text = textIfThere(store.layout.manifestsOf(id), `read manifests of image ${id}`) ?? '';
  for (const [, word, kind, name] of text.matchAll(/^(sha256:[0-9a-f]{64})(?: (made|first|index|as|for)(?: (\S+))?)?$/gm)) {
    const digest = parseDigest(word);
    if (name === undefined && kind === 'index') indexes.push(digest);
    else if (name === undefined && kind === 'first') first = digest;
    else if (name === undefined && (kind === undefined || kind === 'made')) manifests.push({ digest, origin: kind ?? 'received' });
    else if (name !== undefined && (kind === 'as' || kind === 'for')) named.push({ digest, name, seen: kind === 'as' });
  }
  return { manifests, first, indexes, named };
}

export function writeRecord(store: Store, id: ImageID, record: ManifestRecord): void {
  const path = store.layout.manifestsOf(id);
  const manifests = record.manifests.filter(({ digest }, at) => at < maxKept || digest === record.first);
  const indexes = record.indexes.slice(0, maxKept);
  const known = new Set([...manifests.map(({ digest }) => digest), ...indexes]);
  const lines = [
    ...manifests.map(({ digest, origin }) => (origin === 'made' ? `${digest} made` : digest)),
    ...(record.first === undefined ? [] : [`${record.first} first`]),
    ...indexes.map((digest) => `${digest} index`),
    ...record.named.filter(({ digest }) => known.has(digest)).slice(0, maxNamed).map(({ digest, name, seen }) => `${digest} ${seen ? 'as' : 'for'} ${name}`),
  ];
  try {
    makeFolders(dirname(path), 0o700);
    writeFileAtomic(path, lines.map((line) => `${line}\n`).join(''), { mode: 0o600, sync: false });
  } catch (error) {
    throw wrap(error, `keep manifest of image ${id}`);
  }
}
