/**
 * Removing images, as `rmi` and `image prune` do: names first, then the image where no name and no container holds it, then
 * its parents where nothing else needs them. Layers go when nothing refers to them.
 *
 * @see containers/common libimage image.go removeRecursive (what is untagged and what is removed)
 */
import { SkiffError } from '../lib/errors.ts';
import type { ChainID, ImageID } from '../oci/ids.ts';
import { chainIDs, hexOf } from '../oci/ids.ts';
import type { NamedReference } from '../oci/reference.ts';
import { canonicalString, familiarString } from '../oci/reference.ts';
import { deleteLayers, sweepOnce } from '../storage/gc.ts';
import { deleteImage, hasImage, listImages, readImage } from '../storage/imagedb.ts';
import type { Store } from '../storage/index.ts';
import { untagAll } from '../storage/repositories.ts';
import type { ImageUse } from './index.ts';
import { changeImages } from './lock.ts';
import { forgetManifests } from './manifests.ts';
import type { Match } from './match.ts';
import { knownParent, namesByImage } from './summary.ts';

export interface RemoveRequest {
  /** How the user named it: by a name only that name is taken, as long as others are left. */
  readonly match: Match;
  /** Takes all names and ignores that there are several; containers must be gone already. */
  readonly force: boolean;
  /** Keeps dangling parents. */
  readonly noPrune: boolean;
  /** Does nothing where the image has got a name by now. */
  readonly onlyNameless?: boolean;
  /** Every container that there is, and every mount of an image; asked while no new one can take up an image. */
  readonly uses: () => readonly ImageUse[];
}

export interface Removal {
  /** Names that were taken, in full. */
  readonly untagged: readonly string[];
  /** Images that are gone, the named one first. */
  readonly deleted: readonly ImageID[];
}

/**
 * @throws IMAGE_IN_USE (a container; `data.containers` has their ids; or an id with more than one name, without force),
 *   IMAGE_UNKNOWN where it went meanwhile
 */
export async function removeImage(store: Store, request: RemoveRequest): Promise<Removal> {
  sweepOnce(store);
  const tops: ChainID[] = [];
  return changeImages(store, () => removeLocked(store, request, tops), () => {
    for (const top of tops) deleteLayers(store, top);
  });
}

async function removeLocked(store: Store, { match: { id, name }, force, noPrune, onlyNameless, uses }: RemoveRequest, tops: ChainID[]): Promise<Removal> {
  if (!hasImage(store, id)) throw new SkiffError('IMAGE_UNKNOWN', `${name === undefined ? id : canonicalString(name)}: image not known`);
  const names = namesByImage(store).get(id) ?? [];
  if (onlyNameless === true && names.length > 0) return { untagged: [], deleted: [] };
  const taken = namesToTake(id, name, names, force);
  if (taken.length < names.length) {
    await untag(store, id, taken);
    return { untagged: taken.map(canonicalString), deleted: [] };
  }
  const current = uses();
  refuseUsed(id, current);
  await untag(store, id, taken);
  return { untagged: taken.map(canonicalString), deleted: removeWithParents(store, id, noPrune, current, tops) };
}

function namesToTake(id: ImageID, name: NamedReference | undefined, names: readonly NamedReference[], force: boolean): readonly NamedReference[] {
  if (name !== undefined) {
    const wanted = familiarString(name);
    const own = names.filter((one) => familiarString(one) === wanted);
    if (own.length > 0) return own;
    // A digest that was typed names a manifest, by whatever names the image has in that repository; those of others are not meant.
    const meant = names.filter(({ domain, path, tag }) => domain === name.domain && path === name.path && (name.tag === undefined || tag === name.tag));
    if (meant.length === names.length || force) return names;
    if (meant.length === 1) return meant;
    throw new SkiffError('IMAGE_IN_USE', `unable to delete image ${JSON.stringify(wanted)} by digest with more than one tag ([${names.map(canonicalString).join(' ')}]): please force removal`);
  }
  if (names.length > 1 && !force) {
    throw new SkiffError('IMAGE_IN_USE', `unable to delete image "${hexOf(id)}" by ID with more than one tag ([${names.map(canonicalString).join(' ')}]): please force removal`);
  }
  return names;
}

function refuseUsed(id: ImageID, uses: readonly ImageUse[]): void {
  const own = uses.filter((use) => use.image === id);
  const containers = own.flatMap((use) => use.container ?? []);
  const mountPoint = own.find((use) => use.mountPoint !== undefined)?.mountPoint;
  if (containers.length === 0 && mountPoint !== undefined) {
    throw new SkiffError('IMAGE_IN_USE', `image ${id} is mounted at ${JSON.stringify(mountPoint)}: image is in use`, { exitCode: 2, data: { mountPoint }, hint: 'unmount it where it was mounted: skiff image unmount' });
  }
  if (containers.length === 0) return;
  throw new SkiffError('IMAGE_IN_USE', `image used by ${containers.join(', ')}: image is in use by a container`, {
    exitCode: 2, data: { containers }, hint: 'remove the containers first, or both together with --force',
  });
}

async function untag(store: Store, id: ImageID, names: readonly NamedReference[]): Promise<void> {
  const keys = new Set(names.map(familiarString));
  if (keys.size > 0) await untagAll(store, (reference, owner) => owner === id && keys.has(reference));
}

/** The image, then each parent that lost its last reason to stay. Their topmost layers are added to `tops`. */
function removeWithParents(store: Store, first: ImageID, noPrune: boolean, uses: readonly ImageUse[], tops: ChainID[]): ImageID[] {
  const deleted: ImageID[] = [];
  for (let id: ImageID | undefined = first; id !== undefined && hasImage(store, id);) {
    const parent: ImageID | undefined = knownParent(store, id);
    const top = chainIDs(readImage(store, id).config.rootfs.diff_ids).at(-1);
    deleteImage(store, id);
    forgetManifests(store, id);
    if (top !== undefined) tops.push(top);
    deleted.push(id);
    id = !noPrune && parent !== undefined && isUnneeded(store, parent, uses) ? parent : undefined;
  }
  return deleted;
}

function isUnneeded(store: Store, id: ImageID, uses: readonly ImageUse[]): boolean {
  return (namesByImage(store).get(id) ?? []).length === 0
    && !uses.some((use) => use.image === id)
    && !listImages(store).some((other) => knownParent(store, other) === id);
}
