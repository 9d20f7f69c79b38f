import { findSubject } from '../../../image/resolve.ts';
import { byAlias } from '../../by-alias.ts';
import type { Invocation } from '../../spec.ts';
import { imageStore } from './_store.ts';

export async function run({ args: [text = ''] }: Invocation): Promise<number> {
  const store = imageStore();
  return await byAlias(text, (name) => findSubject(store, name)) === undefined ? 1 : 0;
}
