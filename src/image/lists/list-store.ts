/**
 * Lists on disk: skiff/lists/<id>.json, where Docker looks for nothing. Written by rename under the images' lock, because
 * lists and images share their names: a name of one is refused to the other. Readers take no lock.
 */
import { rmSync } from 'node:fs';
import { syncDir, writeFileAtomic } from '../../host/atomic-write.ts';
import { bytesIfThere, namesIfThere } from '../../host/if-there.ts';
import { makeFolders } from '../../host/make-folders.ts';
import { SkiffError, isCode, isErrno, wrap } from '../../lib/errors.ts';
import { log } from '../../lib/log.ts';
import { join } from '../../lib/paths.ts';
import { canonicalString, familiarString, localCandidates, normalizeLocal, parseReference, withDefaultTag } from '../../oci/reference.ts';
import type { NamedReference, Reference } from '../../oci/reference.ts';
import type { Store } from '../../storage/index.ts';
import { resolveTag } from '../../storage/repositories.ts';
import { changeImages } from '../lock.ts';
import { matchImage } from '../match.ts';
import type { ManifestList } from './model.ts';
import { parseList, serializeList, withoutNames } from './model.ts';

/** All of them, sorted by name. A damaged one is left out, with a warning. */
export function readLists(store: Store): ManifestList[] {
  return listIDs(store).flatMap((id) => {
    try {
      const list = readList(store, id);
      return list === undefined ? [] : [list];
    } catch (error) {
      if (!isCode(error, 'STORE_CORRUPT', 'DIGEST_INVALID')) throw error;
      log.warn(error.message);
      return [];
    }
  }).toSorted((a, b) => ((a.names[0] ?? a.id) < (b.names[0] ?? b.id) ? -1 : 1));
}

/** A list, and the name that led to it; absent where an id did. */
export interface NamedList { readonly list: ManifestList; readonly name?: NamedReference }

/** By name, by id, or by the beginning of one. undefined: there is none. @throws IMAGE_AMBIGUOUS */
export function findList(store: Store, text: string): ManifestList | undefined {
  return findNamedList(store, text)?.list;
}

/** The same, with the name that matched. @throws IMAGE_AMBIGUOUS */
export function findNamedList(store: Store, text: string): NamedList | undefined {
  const lists = readLists(store);
  if (lists.length === 0) return undefined;
  const reference = tryParse(text);
  for (const candidate of reference === undefined || reference.digest !== undefined ? [] : localCandidates(reference)) {
    const name = withDefaultTag(candidate);
    const list = lists.find(({ names }) => names.includes(canonicalString(name)));
    if (list !== undefined) return { list, name };
  }
  const hex = /^(?:sha256:)?([0-9a-f]{1,64})$/.exec(text)?.[1];
  const [first, second] = hex === undefined ? [] : lists.filter(({ id }) => id.startsWith(hex));
  if (second !== undefined) throw new SkiffError('IMAGE_AMBIGUOUS', `${text}: more than one manifest list matches`);
  return first === undefined ? undefined : { list: first };
}

/** @throws IMAGE_UNKNOWN and, for an image, MANIFEST_INVALID in the peer's words; IMAGE_AMBIGUOUS */
export function resolveList(store: Store, text: string): ManifestList {
  const found = findList(store, text);
  if (found === undefined && isImage(store, text)) throw new SkiffError('MANIFEST_INVALID', `${text}: image is not a manifest list`);
  if (found === undefined) throw new SkiffError('IMAGE_UNKNOWN', `${text}: no manifest list with this name or id`, { data: { name: text } });
  return found;
}

function isImage(store: Store, text: string): boolean {
  try {
    matchImage(store, text);
    return true;
  } catch (error) {
    if (isCode(error, 'IMAGE_UNKNOWN', 'REFERENCE_INVALID')) return false;
    throw error;
  }
}

/** The whole name that a list to be made gets. @throws REFERENCE_INVALID */
export function listName(text: string): string {
  const name = withDefaultTag(normalizeLocal(parseReference(text)));
  if (name.digest !== undefined) throw new SkiffError('REFERENCE_INVALID', `invalid reference ${JSON.stringify(text)}: a name to be given can't have a digest`);
  return canonicalString(name);
}

/** Stores a new list. @throws NAME_IN_USE where a list or an image has one of its names */
export async function createList(store: Store, list: ManifestList): Promise<void> {
  await changeImages(store, () => {
    for (const name of list.names) refuseTaken(store, name);
    write(store, list);
  });
}

/** Reads, changes and writes a list that nobody else changes meanwhile. @throws IMAGE_UNKNOWN where it went, and what `change` throws */
export async function changeList(store: Store, id: string, change: (list: ManifestList) => ManifestList): Promise<ManifestList> {
  return changeImages(store, () => rewriteList(store, id, change));
}

/** The same for who holds the images' lock. */
export function rewriteList(store: Store, id: string, change: (list: ManifestList) => ManifestList): ManifestList {
  const before = readList(store, id);
  if (before === undefined) throw new SkiffError('IMAGE_UNKNOWN', `${id}: manifest list not known`);
  const after = change(before);
  write(store, after);
  return after;
}

/** Takes names from the lists that have them, because an image or the list `except` gets them. For who holds the images' lock. */
export function takeListNames(store: Store, names: readonly string[], except?: string): void {
  if (listIDs(store).length === 0) return;
  const taken = new Set(names);
  for (const list of readLists(store)) {
    if (list.id === except) continue;
    const rest = withoutNames(list, taken);
    if (rest !== list) write(store, rest);
  }
}

/** Its images stay. Idempotent. False where `onlyNameless` is set and it has got a name. */
export async function removeList(store: Store, id: string, { onlyNameless = false } = {}): Promise<boolean> {
  return changeImages(store, () => {
    try {
      if (onlyNameless && (readList(store, id)?.names.length ?? 0) > 0) return false;
      rmSync(pathOf(store, id), { force: true });
      syncDir(store.layout.lists);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw wrap(error, `remove manifest list ${id}`);
    }
    return true;
  });
}

function refuseTaken(store: Store, name: string): void {
  const list = readLists(store).find(({ names }) => names.includes(name));
  const image = resolveTag(store, familiarString(normalizeLocal(parseReference(name))));
  const owner = list?.id ?? image;
  if (owner !== undefined) throw new SkiffError('NAME_IN_USE', `image name "${name}" is already associated with image "${owner}": that name is already in use`);
}

function listIDs(store: Store): string[] {
  return namesIfThere(store.layout.lists, 'read manifest lists').flatMap((name) => /^([0-9a-f]{64})\.json$/.exec(name)?.[1] ?? []);
}

function readList(store: Store, id: string): ManifestList | undefined {
  const bytes = bytesIfThere(pathOf(store, id));
  return bytes === undefined ? undefined : parseList(bytes, `manifest list ${id}`);
}

function write(store: Store, list: ManifestList): void {
  try {
    makeFolders(store.layout.lists, 0o700);
    writeFileAtomic(pathOf(store, list.id), serializeList(list), { mode: 0o600 });
  } catch (error) {
    throw wrap(error, `store manifest list ${list.names[0] ?? list.id}`);
  }
}

function pathOf(store: Store, id: string): string {
  return join(store.layout.lists, `${id}.json`);
}

function tryParse(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch (error) {
    if (isCode(error, 'REFERENCE_INVALID')) return undefined;
    throw error;
  }
}
