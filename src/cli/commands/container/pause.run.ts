import { pauseContainer } from '../../../container/pause.ts';
import { printLine } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { openContext } from './_context.ts';
import { forEach, selectContainers } from './_select.ts';

export function run(invocation: Invocation): Promise<number> {
  const context = openContext();
  return forEach(selectContainers(context, invocation, ({ state }) => state.status === 'running'), printLine, async ({ id, shown }) => {
    await pauseContainer(context, id);
    return shown;
  });
}
