import { resolveImage } from '../../../image/resolve.ts';
import { takeNames } from '../../../image/tag.ts';
import type { Invocation } from '../../spec.ts';
import { imageStore } from './_store.ts';

export async function run({ args: [image = '', ...names] }: Invocation): Promise<void> {
  const store = imageStore();
  await takeNames(store, resolveImage(store, image).id, names);
}
