import { unpauseContainer } from '../../../container/pause.ts';
import { printLine } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { openContext } from './_context.ts';
import { forEach, selectContainers } from './_select.ts';

export function run(invocation: Invocation): Promise<number> {
  const context = openContext();
  return forEach(selectContainers(context, invocation, ({ state }) => state.status === 'paused'), printLine, async ({ id, shown }) => {
    await unpauseContainer(context, id);
    return shown;
  });
}
