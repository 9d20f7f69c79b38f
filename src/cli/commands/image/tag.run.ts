import { giveListNames } from '../../../image/lists/list-names.ts';
import { resolveSubject } from '../../../image/resolve.ts';
import { giveNames, parseTarget } from '../../../image/tag.ts';
import { byAlias } from '../../by-alias.ts';
import type { Invocation } from '../../spec.ts';
import { imageStore } from './_store.ts';

export async function run({ args: [source = '', ...targets] }: Invocation): Promise<void> {
  const store = imageStore();
  const names = targets.map(parseTarget);
  const { image, list } = await byAlias(source, (name) => resolveSubject(store, name));
  await (image === undefined ? giveListNames(store, list.id, names) : giveNames(store, image.id, names, image.name));
}
