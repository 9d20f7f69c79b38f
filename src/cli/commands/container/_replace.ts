/** --replace: a container of the same name goes first. */
import type { CreateRequest } from '../../../container/create-request.ts';
import type { Context } from '../../../container/index.ts';
import { idOfName } from '../../../container/name-links.ts';
import { removeContainer } from '../../../container/remove.ts';

export function replaceContainer(context: Context, request: CreateRequest): void {
  if (!request.replace || request.name === undefined) return;
  const id = idOfName(context, request.name);
  if (id !== undefined) removeContainer(context, id, { force: true, volumes: false });
}
