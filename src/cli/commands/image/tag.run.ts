import { resolveImage } from '../../../image/resolve.ts';
import { giveNames, parseTarget } from '../../../image/tag.ts';
import type { Invocation } from '../../spec.ts';
import { imageStore } from './_store.ts';

export async function run({ args: [source = '', ...targets] }: Invocation): Promise<void> {
  const store = imageStore();
  const names = targets.map(parseTarget);
  await giveNames(store, resolveImage(store, source).id, names);
}
