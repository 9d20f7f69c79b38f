/** Giving names and taking them away. */
import { nowRfc3339Nano } from '../host/time.ts';
import { SkiffError } from '../lib/errors.ts';
import type { ImageID } from '../oci/ids.ts';
import type { NamedReference } from '../oci/reference.ts';
import { canonicalString, familiarString, normalizeLocal, parseReference, withDefaultTag } from '../oci/reference.ts';
import { hasImage, setLastUpdated } from '../storage/imagedb.ts';
import type { Store } from '../storage/index.ts';
import { tagAll, untagAll } from '../storage/repositories.ts';
import { takeListNames } from './lists/list-store.ts';
import { changeImages } from './lock.ts';
import { recordGiven } from './name-digests.ts';
import { namesByImage } from './summary.ts';

/** What a user wrote as the name of an image to be made: localhost/ where no domain is given, :latest where no tag. @throws REFERENCE_INVALID */
export function parseTarget(text: string): NamedReference {
  const reference = withDefaultTag(normalizeLocal(parseReference(text)));
  if (reference.digest !== undefined) throw new SkiffError('REFERENCE_INVALID', `invalid reference ${JSON.stringify(text)}: a name to be given can't have a digest`);
  return reference;
}

/**
 * Points names at an image, in one change; each leaves the image it had. What `from`, a name of the image, has for a digest
 * is theirs as well.
 * @throws IMAGE_UNKNOWN where the image was removed meanwhile
 */
export async function giveNames(store: Store, id: ImageID, names: readonly NamedReference[], from?: NamedReference): Promise<void> {
  await changeImages(store, () => {
    if (!hasImage(store, id)) throw new SkiffError('IMAGE_UNKNOWN', `${id}: image not known`);
    recordGiven(store, id, names, from);
    return setNames(store, id, names);
  });
}

/** The same for who holds the images' lock and has just stored the image. */
export async function setNames(store: Store, id: ImageID, names: readonly NamedReference[]): Promise<void> {
  if (names.length === 0) return;
  // The time first: where the disk is full, no name is given.
  setLastUpdated(store, id, nowRfc3339Nano());
  await tagAll(store, names.map(familiarString), id);
  takeListNames(store, names.map(canonicalString));
}

/**
 * Takes names away from an image; all of them where none is given. Returns what was taken, in full.
 * @throws REFERENCE_INVALID, IMAGE_UNKNOWN for a name that is not one of this image; then nothing is taken
 */
export async function takeNames(store: Store, id: ImageID, texts: readonly string[]): Promise<string[]> {
  return changeImages(store, async () => {
    const chosen = chooseNames(namesByImage(store).get(id) ?? [], texts);
    const keys = new Set(chosen.map(familiarString));
    await untagAll(store, (reference, owner) => owner === id && keys.has(reference));
    return chosen.map(canonicalString);
  });
}

/** Those of `own` that a user wrote; all where nothing was written. @throws REFERENCE_INVALID, IMAGE_UNKNOWN */
export function chooseNames(own: readonly NamedReference[], texts: readonly string[]): readonly NamedReference[] {
  return texts.length === 0 ? own : texts.map((text) => ownName(own, text));
}

function ownName(own: readonly NamedReference[], text: string): NamedReference {
  const wanted = canonicalString(parseWritten(text));
  const found = own.find((name) => canonicalString(name) === wanted) ?? own.find((name) => canonicalString(name).endsWith(`/${withTag(text)}`));
  if (found === undefined) throw new SkiffError('IMAGE_UNKNOWN', `${text}: tag not known`, { data: { name: text } });
  return found;
}

function parseWritten(text: string): NamedReference {
  return withDefaultTag(normalizeLocal(parseReference(text)));
}

function withTag(text: string): string {
  const { path, tag } = withDefaultTag(parseReference(text));
  return tag === undefined ? path : `${path}:${tag}`;
}
