/** --replace: a container of the same name goes first. */
import type { CreateRequest } from '../../../container/create-request.ts';
import type { Context } from '../../../container/index.ts';
import { idOfName } from '../../../container/name-links.ts';
import { removeContainer } from '../../../container/remove.ts';
import { isCode } from '../../../lib/errors.ts';

/**
 * Creates, and where the request says so makes room first: as often as somebody else takes the name in between. Each round that is
 * lost is one that another command has won, so it comes to an end. @throws what `create` throws
 */
export async function createReplacing<T>(context: Context, request: CreateRequest, create: () => Promise<T>): Promise<T> {
  const { name } = request;
  if (!request.replace || name === undefined) return create();
  for (;;) {
    const id = idOfName(context, name);
    if (id !== undefined) removeContainer(context, id, { force: true, volumes: false });
    try {
      return await create();
    } catch (error) {
      if (!isCode(error, 'NAME_IN_USE')) throw error;
    }
  }
}
