import { findContainer } from '../../../container/lookup.ts';
import { renameContainer } from '../../../container/rename.ts';
import type { Invocation } from '../../spec.ts';
import { openContext } from './_context.ts';

export function run(invocation: Invocation): void {
  const [name = '', wanted = ''] = invocation.args;
  const context = openContext();
  renameContainer(context, findContainer(context, name), wanted);
}
