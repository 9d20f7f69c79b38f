/**
 * repositories.json: names to images, in Docker's shape and with Docker's short ("familiar") names as keys:
 *   {"Repositories":{"busybox":{"busybox:latest":"sha256:…","busybox@sha256:…":"sha256:…"}}}
 * Readers take no lock (the file is replaced by rename). Writers read, change and rename under refs.lock.
 *
 * @see moby reference/store.go
 */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { acquire } from '../host/locks.ts';
import { makeFolders } from '../host/make-folders.ts';
import { SkiffError, isErrno, wrap } from '../lib/errors.ts';
import type { ImageID } from '../oci/ids.ts';
import { parseImageID } from '../oci/ids.ts';
import { parseJson } from '../oci/json.ts';
import { keepFormerNames } from './former-names.ts';
import type { Store } from './index.ts';
import { keepSpare, writeShorter } from './spare-file.ts';
import { ensureStore } from './store.ts';

/** reference ("busybox:latest" or "busybox@sha256:…") to image, by repository name ("busybox"). */
export type Repositories = ReadonlyMap<string, ReadonlyMap<string, ImageID>>;
type MutableRepositories = Map<string, Map<string, ImageID>>;

/** Hundreds of thousands of names fit; more is damage. */
const maxBytes = 256 * 1024 * 1024;

/** All names. Empty for an absent file. @throws STORE_CORRUPT */
export function readRepositories(store: Store): Repositories {
  return read(store);
}

/** The image of one reference, written as in the file: the short name with tag or digest. */
export function resolveTag(store: Store, reference: string): ImageID | undefined {
  return read(store).get(repositoryOf(reference))?.get(reference);
}

/** Every reference of an image, sorted: tags first, then digests. */
export function referencesOf(store: Store, id: ImageID, repositories: Repositories = read(store)): string[] {
  const found: string[] = [];
  for (const references of repositories.values()) {
    for (const [reference, image] of references) if (image === id) found.push(reference);
  }
  return found.toSorted((a, b) => Number(a.includes('@')) - Number(b.includes('@')) || (a < b ? -1 : 1));
}

/** Points a reference at an image; it leaves the image it had. Returns that one, if any. */
export function tag(store: Store, reference: string, id: ImageID): ImageID | undefined {
  return tagAll(store, [reference], id)[0];
}

/** The same for several references in one change: all or none. Returns what each pointed to before. */
export function tagAll(store: Store, references: readonly string[], id: ImageID): (ImageID | undefined)[] {
  if (references.length === 0) return [];
  return change(store, `tag "${references[0]}"`, (repositories) => {
    const lost: [string, ImageID][] = [];
    const before = references.map((reference) => {
      const name = repositoryOf(reference);
      const inName = repositories.get(name) ?? new Map<string, ImageID>();
      const owner = inName.get(reference);
      if (owner !== undefined && owner !== id) lost.push([reference, owner]);
      repositories.set(name, inName.set(reference, id));
      return owner;
    });
    return { result: before, changed: true, lost };
  });
}

/** Takes a reference away, also on a full disk. Returns the image it pointed to; undefined where there was none (and nothing is written). */
export function untag(store: Store, reference: string): ImageID | undefined {
  return untagAll(store, (candidate) => candidate === reference)[0]?.[1];
}

/** Takes away every reference that `matches` chooses, in one change, also on a full disk. Returns them with their images. */
export function untagAll(store: Store, matches: (reference: string, id: ImageID) => boolean): [string, ImageID][] {
  return change(store, 'take image names away', (repositories) => {
    const removed: [string, ImageID][] = [];
    for (const [name, references] of repositories) {
      for (const [reference, id] of references) {
        if (!matches(reference, id)) continue;
        removed.push([reference, id]);
        references.delete(reference);
      }
      if (references.size === 0) repositories.delete(name);
    }
    return { result: removed, changed: removed.length > 0, lost: removed };
  });
}

/** "a.b:5000/x/y:1" -> "a.b:5000/x/y"; "x@sha256:…" -> "x". */
export function repositoryOf(reference: string): string {
  const at = reference.indexOf('@');
  const named = at < 0 ? reference : reference.slice(0, at);
  const colon = named.lastIndexOf(':');
  return colon > named.lastIndexOf('/') ? named.slice(0, colon) : named;
}

interface Edited<T> { readonly result: T; readonly changed: boolean; /** References that an image had, and what they were of. */ readonly lost: readonly [string, ImageID][] }

function change<T>(store: Store, operation: string, edit: (repositories: MutableRepositories) => Edited<T>): T {
  ensureStore(store);
  const lock = acquire(store.layout.refsLock, 'exclusive');
  try {
    const repositories = read(store);
    const { result, changed, lost } = edit(repositories);
    if (changed) write(store, repositories, operation);
    keepFormerNames(store, lost);
    return result;
  } finally {
    lock.release();
  }
}

function read(store: Store): MutableRepositories {
  let raw: Buffer;
  try {
    raw = readFileSync(store.layout.repositories);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return new Map();
    throw wrap(error, 'read image names');
  }
  const found: MutableRepositories = new Map();
  for (const [name, references] of entries(entriesOf(parseJson(raw, { what: store.layout.repositories, code: 'STORE_CORRUPT', maxBytes }), 'Repositories'))) {
    found.set(name, new Map(entries(references).map(([reference, id]) => [reference, imageID(id, reference)])));
  }
  return found;
}

function entriesOf(document: unknown, key: string): unknown {
  return new Map(entries(document)).get(key) ?? {};
}

function entries(value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SkiffError('STORE_CORRUPT', 'repositories.json is damaged: an object was expected');
  return Object.entries(value);
}

function imageID(value: unknown, reference: string): ImageID {
  try {
    return parseImageID(value);
  } catch (cause) {
    throw new SkiffError('STORE_CORRUPT', `repositories.json is damaged: reference "${reference}" has no image ID`, { cause });
  }
}

function write({ layout }: Store, repositories: Repositories, operation: string): void {
  const document = { Repositories: Object.fromEntries([...repositories].map(([name, references]) => [name, Object.fromEntries(references)])) };
  const data = Buffer.from(JSON.stringify(document));
  try {
    makeFolders(dirname(layout.repositories));
    writeShorter(layout.repositories, layout.repositoriesSpare, data);
    keepSpare(layout.repositoriesSpare, data.length);
  } catch (error) {
    throw wrap(error, operation);
  }
}
