import { restartContainer } from '../../../container/restart.ts';
import { printLine } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { openContext } from './_context.ts';
import { forEach, selectContainers } from './_select.ts';
import { flag, number } from './_values.ts';

export function run(invocation: Invocation): Promise<number> {
  const context = openContext();
  const onlyRunning = flag(invocation.options, 'running');
  const options = onlyRunning ? { ...invocation.options, all: true } : invocation.options;
  const selection = selectContainers(context, { ...invocation, options }, ({ state }) => !onlyRunning || state.status === 'running');
  return forEach(selection, printLine, async ({ id, shown }) => {
    await restartContainer(context, id, number(options, 'time'));
    return shown;
  });
}
