/**
 * From what a user typed to an image, or to the manifest list that it names. Images come first (match.ts tells in which
 * order); where an image is wanted and a list is named, it is the list's image for this machine.
 */
import { SkiffError, isCode } from '../lib/errors.ts';
import type { ImageID } from '../oci/ids.ts';
import { hasImage, listImages, readImage } from '../storage/imagedb.ts';
import type { Store } from '../storage/index.ts';
import { hostPlatform } from './host-platform.ts';
import type { ResolvedImage } from './index.ts';
import { chooseMember } from './lists/choose-member.ts';
import type { NamedList } from './lists/list-store.ts';
import { findNamedList } from './lists/list-store.ts';
import type { ListMember } from './lists/model.ts';
import { imagesOfManifest } from './manifests.ts';
import { matchImage, unknownImage } from './match.ts';

export type Subject = { readonly image: ResolvedImage; readonly list?: undefined } | ({ readonly image?: undefined } & NamedList);

/** @throws IMAGE_UNKNOWN, IMAGE_AMBIGUOUS, REFERENCE_INVALID, STORE_CORRUPT */
export function resolveSubject(store: Store, text: string): Subject {
  try {
    const match = matchImage(store, text);
    return { image: { ...match, ...readImage(store, match.id) } };
  } catch (error) {
    if (!isCode(error, 'IMAGE_UNKNOWN')) throw error;
    const named = findNamedList(store, text);
    // A name may outlive its image where a removal was cut: then there is no such image.
    if (named === undefined) throw unknownImage(text);
    return named;
  }
}

/** As resolveSubject, but undefined where there is none. @throws IMAGE_AMBIGUOUS, REFERENCE_INVALID, STORE_CORRUPT */
export function findSubject(store: Store, text: string): Subject | undefined {
  return ifKnown(() => resolveSubject(store, text));
}

/** @throws IMAGE_UNKNOWN (also for a list that has no image of the store for this machine), IMAGE_AMBIGUOUS, REFERENCE_INVALID, STORE_CORRUPT */
export function resolveImage(store: Store, text: string): ResolvedImage {
  const { image, ...named } = resolveSubject(store, text);
  return image ?? imageOfList(store, named as NamedList);
}

/** As resolveImage, but undefined where there is none. @throws IMAGE_AMBIGUOUS, REFERENCE_INVALID, STORE_CORRUPT */
export function findImage(store: Store, text: string): ResolvedImage | undefined {
  return ifKnown(() => resolveImage(store, text));
}

function ifKnown<T>(resolve: () => T): T | undefined {
  try {
    return resolve();
  } catch (error) {
    if (isCode(error, 'IMAGE_UNKNOWN')) return undefined;
    throw error;
  }
}

function imageOfList(store: Store, { list, name }: NamedList): ResolvedImage {
  const wanted = hostPlatform();
  const member = chooseMember(list.members, wanted);
  if (member === undefined) {
    throw new SkiffError('IMAGE_UNKNOWN', `no image found in manifest list for architecture ${wanted.architecture}, variant ${JSON.stringify(wanted.variant ?? '')}, OS ${wanted.os}: image not known`);
  }
  const id = storedMember(store, member);
  if (id === undefined) throw new SkiffError('IMAGE_UNKNOWN', `${member.digest}, for this machine in manifest list ${list.names[0] ?? list.id}: image not known`);
  return { ...(name !== undefined && { name }), ...readImage(store, id) };
}

/** A member that was added from elsewhere may have been pulled since. */
function storedMember(store: Store, { source, digest }: ListMember): ImageID | undefined {
  if (source.kind === 'image' && hasImage(store, source.id)) return source.id;
  return imagesOfManifest(store, digest, listImages(store))[0];
}
