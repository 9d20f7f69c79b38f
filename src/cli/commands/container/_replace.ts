/** --replace: a container of the same name goes first. */
import type { CreateRequest } from '../../../container/create-request.ts';
import type { Context } from '../../../container/index.ts';
import { idOfName } from '../../../container/name-links.ts';
import { removeContainer } from '../../../container/remove.ts';
import { isCode } from '../../../lib/errors.ts';
import type { OptionValues } from '../../spec.ts';
import type { HeldImage } from './_images.ts';
import { holdAgain, imageForContainer } from './_images.ts';

/**
 * Creates, and where the request says so makes room first: as often as somebody else takes the name in between. Each round that is
 * lost is one that another command has won, so it comes to an end. @throws what finding the image and `create` throw
 */
export async function createReplacing<T>(context: Context, request: CreateRequest, options: OptionValues, create: (image: HeldImage) => Promise<T>): Promise<T> {
  const { name } = request;
  let image = await imageForContainer(context, request.image, options);
  if (!request.replace || name === undefined) return create(image);
  for (;;) {
    const id = idOfName(context, name);
    // A container takes its time to end, and `--rmi` of it may be what ends it: images are not held meanwhile.
    image.hold.release();
    if (id !== undefined) removeContainer(context, id, { force: true, volumes: false });
    image = await holdAgain(context, image, request.image, options);
    try {
      return await create(image);
    } catch (error) {
      if (!isCode(error, 'NAME_IN_USE')) throw error;
    }
  }
}
