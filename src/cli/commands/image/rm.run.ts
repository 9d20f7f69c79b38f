import { removeContainer } from '../../../container/remove.ts';
import { findList, readLists, removeList } from '../../../image/lists/list-store.ts';
import type { ManifestList } from '../../../image/lists/model.ts';
import type { Removal } from '../../../image/remove.ts';
import { removeImage } from '../../../image/remove.ts';
import type { Match } from '../../../image/match.ts';
import { matchImage } from '../../../image/match.ts';
import { isIntermediate, summarizeImages } from '../../../image/summary.ts';
import { isCode } from '../../../lib/errors.ts';
import { hexOf, parseImageID } from '../../../oci/ids.ts';
import { hasImage } from '../../../storage/imagedb.ts';
import type { Store } from '../../../storage/index.ts';
import { byAlias } from '../../by-alias.ts';
import { printLine } from '../../output.ts';
import { reportFailure } from '../../report.ts';
import type { Invocation } from '../../spec.ts';
import { imageStore } from './_store.ts';
import { containerContext, imageUses } from './_uses.ts';

/** Each image is removed as far as it can be; every failure is printed, and the gravest decides the exit code. */
export async function run({ args, options }: Invocation): Promise<number> {
  const store = imageStore();
  const force = options['force'] === true;
  // Podman: --force makes up its mind about a missing image as --ignore does.
  const ignoreMissing = options['ignore'] === true || options['all'] === true || force;
  const codes = new Set<number>();
  const removals: Removal[] = [];
  const lists: ManifestList[] = options['all'] === true ? readLists(store) : [];
  const attempt = async (find: () => Match | Promise<Match>): Promise<void> => {
    try {
      const match = await find();
      if (force) removeUsers(store, match);
      removals.push(await removeImage(store, { match, force: force || options['all'] === true, noPrune: options['no-prune'] === true, uses: () => imageUses(store) }));
    } catch (error) {
      if (isCode(error, 'IMAGE_UNKNOWN') && ignoreMissing) return;
      codes.add(isCode(error, 'IMAGE_UNKNOWN') ? 1 : reportCode(error));
      await reportFailure(error);
    }
  };
  if (options['all'] === true) for (const id of allImages(store)) await attempt(() => ({ id }));
  else {
    for (const name of args) {
      // A name is an image's or a list's, and an image's first.
      const list = isImage(store, name) ? undefined : findList(store, name);
      if (list === undefined) await attempt(() => byAlias(name, (one) => matchImage(store, one)));
      else lists.push(list);
    }
  }
  for (const list of lists) {
    await removeList(store, list.id);
    removals.push({ untagged: list.names, deleted: [parseImageID(`sha256:${list.id}`)] });
  }
  for (const { untagged } of removals) for (const name of untagged) printLine(`Untagged: ${name}`);
  for (const { deleted } of removals) for (const id of deleted) printLine(`Deleted: ${hexOf(id)}`);
  return [125, 2, 1].find((code) => codes.has(code)) ?? 0;
}

function isImage(store: Store, text: string): boolean {
  try {
    matchImage(store, text);
    return true;
  } catch (error) {
    // Whatever else is wrong with it is said where it is to be removed.
    return !isCode(error, 'IMAGE_UNKNOWN');
  }
}

function reportCode(error: unknown): number {
  return isCode(error, 'IMAGE_IN_USE') ? error.exitCode : 125;
}

/** Children before their parents: an image made from another goes first. Those that a removal takes along are skipped. */
function* allImages(store: Store): Generator<Match['id']> {
  const images = summarizeImages(store);
  const ordered = [...images.filter((image) => !isIntermediate(image)), ...images.filter(isIntermediate)];
  for (const { id } of ordered) if (hasImage(store, id)) yield id;
}

function removeUsers(store: Store, { id, name }: Match): void {
  // Where the image keeps another name it stays, and so do its containers.
  if (name !== undefined && summarizeImages(store).some((image) => image.id === id && image.names.length > 1)) return;
  for (const { image, container } of imageUses(store)) if (image === id && container !== undefined) removeContainer(containerContext(store), container, { force: true, volumes: false, timeoutSeconds: 0 });
}
