import { findList } from '../../../image/lists/list-store.ts';
import type { Invocation } from '../../spec.ts';
import { listStore } from './_store.ts';

export function run({ args: [name = ''] }: Invocation): number {
  return findList(listStore(), name) === undefined ? 1 : 0;
}
