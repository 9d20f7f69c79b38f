import { cleanupContainer } from '../../../container/cleanup.ts';
import { printLine } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { openContext } from './_context.ts';
import { forEach, selectContainers } from './_select.ts';
import { flag } from './_values.ts';

export function run(invocation: Invocation): Promise<number> {
  const context = openContext();
  return forEach(selectContainers(context, invocation), printLine, ({ id }) => {
    cleanupContainer(context, id, { remove: flag(invocation.options, 'rm') });
    return id;
  });
}
