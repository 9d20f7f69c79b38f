import { removeContainer } from '../../../container/remove.ts';
import { stopContainers } from '../../../container/stop.ts';
import { printLine } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { openContext } from './_context.ts';
import { forEach, selectContainers } from './_select.ts';
import { flag, number } from './_values.ts';

export function run(invocation: Invocation): Promise<number> {
  const { options } = invocation;
  const context = openContext();
  const force = flag(options, 'force');
  const timeoutSeconds = number(options, 'time');
  const selection = selectContainers(context, invocation);
  // All at once, so that ten containers that ignore SIGTERM cost one wait and not ten.
  if (force) stopContainers(context, selection.chosen.map(({ id }) => id), timeoutSeconds);
  return forEach(selection, printLine, ({ id, shown }) => {
    removeContainer(context, id, { force, timeoutSeconds, volumes: flag(options, 'volumes') });
    return shown;
  }, 1);
}
