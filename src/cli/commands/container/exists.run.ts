import { tryFindContainer } from '../../../container/lookup.ts';
import type { Invocation } from '../../spec.ts';
import { openContext } from './_context.ts';

export function run({ args }: Invocation): number {
  return tryFindContainer(openContext(), args[0] ?? '') === undefined ? 1 : 0;
}
