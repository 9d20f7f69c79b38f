/**
 * From what a user typed to a container: full id, name, then any unambiguous start of an id.
 * Takes no lock and reads as little as it can: one readlink for a name, one stat for a full id.
 */
import { SkiffError } from '../lib/errors.ts';
import type { ContainerID } from '../oci/ids.ts';
import type { Context } from './index.ts';
import { idOfName } from './name-links.ts';
import { containerExists, listFolders, shortID, tryReadRecord } from './record.ts';

/** @throws CONTAINER_UNKNOWN CONTAINER_AMBIGUOUS */
export function findContainer(context: Context, text: string): ContainerID {
  const id = tryFindContainer(context, text);
  if (id === undefined) throw unknownContainer(text);
  return id;
}

export function unknownContainer(text: string): SkiffError {
  return new SkiffError('CONTAINER_UNKNOWN', `no container with name or ID ${JSON.stringify(text)} found: no such container`, { data: { name: text } });
}

/** Undefined where nothing bears that name. @throws CONTAINER_AMBIGUOUS */
export function tryFindContainer(context: Context, text: string): ContainerID | undefined {
  if (/^[0-9a-f]{64}$/.test(text) && containerExists(context, text as ContainerID)) return text as ContainerID;
  const named = idOfName(context, text);
  if (named !== undefined) return named;
  if (/^[0-9a-f]{1,63}$/.test(text)) {
    const matches = listFolders(context).filter((id) => id.startsWith(text) && containerExists(context, id));
    if (matches.length > 1) {
      throw new SkiffError('CONTAINER_AMBIGUOUS', `more than one container has an ID that starts with "${text}": ${matches.map(shortID).join(', ')}`);
    }
    if (matches[0] !== undefined) return matches[0];
  }
  // The link may be lost (a cut rename, a store copied without links): the records know their names.
  return listFolders(context).find((id) => tryReadRecord(context, id)?.Name === `/${text}`);
}
