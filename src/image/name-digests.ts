/**
 * Which digest a name of an image stands for. One image may have been received by several manifests (its layers in gzip
 * and in zstd), under several names: each name keeps its own.
 */
import { isCode } from '../lib/errors.ts';
import type { Digest, ImageID } from '../oci/ids.ts';
import type { Manifest, Raw } from '../oci/manifest.ts';
import { parseManifestOrIndex } from '../oci/manifest.ts';
import type { NamedReference } from '../oci/reference.ts';
import { canonicalName, canonicalString, normalize, parseReference } from '../oci/reference.ts';
import type { Repository } from '../registry/index.ts';
import { readManifest } from '../storage/distribution.ts';
import type { Store } from '../storage/index.ts';
import { repositoryOf } from '../storage/repositories.ts';
import type { ManifestRecord } from './manifest-record.ts';
import { readRecord, writeRecord } from './manifest-record.ts';
import { keptManifest, newestManifest } from './manifests.ts';

/**
 * Notes that the names led to the digests: an index first, the image's own manifest last. These must be kept already.
 * `seen`: in their registries, and not in an archive. Idempotent.
 */
export function recordReceived(store: Store, id: ImageID, names: readonly NamedReference[], digests: readonly Digest[], seen: boolean): void {
  const fresh = names.flatMap((name) => digests.map((digest) => ({ digest, name: canonicalString(name), seen })));
  const record = readRecord(store, id);
  const isFresh = new Set(fresh.map(({ digest, name }) => `${digest} ${name}`));
  writeRecord(store, id, { ...record, named: [...fresh, ...record.named.filter(({ digest, name }) => !isFresh.has(`${digest} ${name}`))] });
}

/** Notes that the name stands for this manifest now, and for nothing else. */
export function recordPushed(store: Store, id: ImageID, name: NamedReference, digest: Digest): void {
  const record = readRecord(store, id);
  const text = canonicalString(name);
  writeRecord(store, id, { ...record, named: [{ digest, name: text, seen: true }, ...record.named.filter((one) => one.name !== text)] });
}

/** Notes that the names were given to what `from` stands for; without it, that nothing is known of them. */
export function recordGiven(store: Store, id: ImageID, names: readonly NamedReference[], from: NamedReference | undefined): void {
  const record = readRecord(store, id);
  const digests = from === undefined ? [] : digestsOf(record, from);
  const texts = new Set(names.map(canonicalString));
  if (from !== undefined) texts.delete(canonicalString(from));
  if (texts.size === 0 || (digests.length === 0 && !record.named.some(({ name }) => texts.has(name)))) return;
  const given = [...texts].flatMap((name) => digests.map((digest) => ({ digest, name, seen: false })));
  writeRecord(store, id, { ...record, named: [...given, ...record.named.filter(({ name }) => !texts.has(name))] });
}

/** What the name stands for, newest first; an index before the manifest to which it led. Empty where nothing is known. */
export function digestsOf({ named }: ManifestRecord, name: NamedReference): Digest[] {
  const { tag: _, ...byDigest } = name;
  const text = canonicalString(name.digest === undefined ? name : byDigest);
  const known = named.filter((one) => one.name === text).map(({ digest }) => digest);
  return name.digest === undefined ? known : [...new Set([name.digest, ...known])];
}

/** The digest to show: that of the name by which the image was found, else the newest that it was received with, else the newest. */
export function shownDigest(store: Store, id: ImageID, name?: NamedReference): Digest | undefined {
  return digestToShow(readRecord(store, id), name);
}

/** The same of a record that was read. */
export function digestToShow(record: ManifestRecord, name?: NamedReference): Digest | undefined {
  const [own] = name === undefined ? [] : digestsOf(record, name);
  if (own !== undefined) return own;
  const received = record.manifests.flatMap(({ digest, origin }) => (origin === 'received' ? [digest] : []));
  const isReceived = new Set([...received, ...record.indexes]);
  return record.named.find(({ digest }) => isReceived.has(digest))?.digest ?? received[0] ?? record.manifests[0]?.digest;
}

/** REPOSITORY@DIGEST for each repository that has a name of the image: those known of its names, else the digest that is shown. */
export function repoDigests(record: ManifestRecord, names: readonly NamedReference[]): string[] {
  const repositories = new Map<string, Digest[]>();
  for (const name of names) {
    const repository = canonicalName(name);
    repositories.set(repository, [...(repositories.get(repository) ?? []), ...digestsOf(record, name)]);
  }
  const fallback = digestToShow(record);
  return [...repositories].flatMap(([repository, known]) => {
    const digests = known.length > 0 || fallback === undefined ? known : [fallback];
    return [...new Set(digests)].map((digest) => `${repository}@${digest}`);
  });
}

/** The manifest that is meant by a name of the image: its own where it was received so, or named by digest; else the newest received. */
export function meantManifest(store: Store, id: ImageID, name: NamedReference | undefined): Raw<Manifest> | undefined {
  const record = readRecord(store, id);
  const own = new Map(record.manifests.map(({ digest, origin }) => [digest, origin]));
  for (const digest of name === undefined ? [] : digestsOf(record, name)) {
    const manifests = record.indexes.includes(digest) ? membersOf(store, digest).filter((one) => own.has(one)) : [digest];
    for (const one of manifests) {
      // What was only sent to a name is no wish for the next time, unless it is named by its digest.
      const found = own.get(one) === 'received' || name?.digest === one ? keptManifest(store, id, one) : undefined;
      if (found !== undefined) return found;
    }
  }
  return newestManifest(store, id, 'received');
}

function membersOf(store: Store, index: Digest): Digest[] {
  const raw = readManifest(store, index);
  const value = raw === undefined ? undefined : parseManifestOrIndex(raw).value;
  return value?.kind === 'index' ? value.manifests.map(({ digest }) => digest) : [];
}

/** Repositories in which the manifest was seen, and so the layers that it names, newest first. */
export function repositoriesOf(record: ManifestRecord, digest: Digest): Repository[] {
  const names = record.named.filter((one) => one.seen && one.digest === digest).map(({ name }) => repositoryOf(name));
  return [...new Set(names)].flatMap((name) => {
    try {
      const { domain, path } = normalize(parseReference(name));
      return [{ domain, path }];
    } catch (error) {
      // Damage in a cache of facts is absence.
      if (isCode(error, 'REFERENCE_INVALID')) return [];
      throw error;
    }
  });
}
