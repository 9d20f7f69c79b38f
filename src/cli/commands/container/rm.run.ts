import type { Context } from '../../../container/index.ts';
import { forceStop, removeContainer } from '../../../container/remove.ts';
import { isCode } from '../../../lib/errors.ts';
import { printLine } from '../../output.ts';
import { reportError } from '../../report.ts';
import type { Invocation } from '../../spec.ts';
import { openContext } from './_context.ts';
import { forEach, selectContainers, type Chosen } from './_select.ts';
import { flag, number } from './_values.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { options } = invocation;
  const context = openContext();
  const force = flag(options, 'force');
  const timeoutSeconds = number(options, 'time');
  const selection = known(context, invocation);
  if (selection === undefined) return 1;
  // All at once, so that ten containers that ignore SIGTERM cost one wait and not ten.
  if (force) forceStop(context, selection.map(({ id }) => id), timeoutSeconds);
  return forEach(selection, printLine, ({ id, shown }) => {
    removeContainer(context, id, { force, timeoutSeconds, volumes: flag(options, 'volumes') });
    return shown;
  });
}

/** Undefined, and told, where a name is nobody's: the one failure with an exit code of its own. */
function known(context: Context, invocation: Invocation): Chosen[] | undefined {
  try {
    return selectContainers(context, invocation);
  } catch (error) {
    if (!isCode(error, 'CONTAINER_UNKNOWN')) throw error;
    reportError(error);
    return undefined;
  }
}
