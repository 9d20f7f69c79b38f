/** Giving names to manifest lists and taking them away: as tag.ts does it for images, with which lists share their names. */
import type { NamedReference } from '../../oci/reference.ts';
import { canonicalString, familiarString, normalize, parseReference } from '../../oci/reference.ts';
import type { Store } from '../../storage/index.ts';
import { untagAll } from '../../storage/repositories.ts';
import { changeImages } from '../lock.ts';
import { chooseNames } from '../tag.ts';
import { changeList, rewriteList, takeListNames } from './list-store.ts';
import { withoutNames } from './model.ts';

/** Points names at a list; each leaves the image or the list that it had. @throws IMAGE_UNKNOWN where the list was removed meanwhile */
export async function giveListNames(store: Store, id: string, names: readonly NamedReference[]): Promise<void> {
  if (names.length === 0) return;
  const texts = names.map(canonicalString);
  const keys = new Set(names.map(familiarString));
  await changeImages(store, () => {
    rewriteList(store, id, (list) => ({ ...list, names: [...new Set([...list.names, ...texts])] }));
    takeListNames(store, texts, id);
    untagAll(store, (reference) => keys.has(reference));
  });
}

/** Takes names away from a list; all of them where none is given. @throws REFERENCE_INVALID, IMAGE_UNKNOWN for a name that is not one of this list; then nothing is taken */
export async function dropListNames(store: Store, id: string, texts: readonly string[]): Promise<void> {
  await changeList(store, id, (list) => {
    const own = list.names.map((name) => normalize(parseReference(name)));
    return withoutNames(list, new Set(chooseNames(own, texts).map(canonicalString)));
  });
}
