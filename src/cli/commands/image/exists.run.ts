import { findSubject } from '../../../image/resolve.ts';
import type { Invocation } from '../../spec.ts';
import { imageStore } from './_store.ts';

export function run({ args: [name = ''] }: Invocation): number {
  return findSubject(imageStore(), name) === undefined ? 1 : 0;
}
