import { dropListNames } from '../../../image/lists/list-names.ts';
import { resolveSubject } from '../../../image/resolve.ts';
import { takeNames } from '../../../image/tag.ts';
import { byAlias } from '../../by-alias.ts';
import type { Invocation } from '../../spec.ts';
import { imageStore } from './_store.ts';

export async function run({ args: [text = '', ...names] }: Invocation): Promise<void> {
  const store = imageStore();
  const { image, list } = await byAlias(text, (name) => resolveSubject(store, name));
  await (image === undefined ? dropListNames(store, list.id, names) : takeNames(store, image.id, names));
}
