import { killContainer } from '../../../container/kill.ts';
import { parseSignal } from '../../../container/signals.ts';
import { printLine } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { openContext } from './_context.ts';
import { forEach, selectContainers } from './_select.ts';
import { text } from './_values.ts';

export function run(invocation: Invocation): Promise<number> {
  const signal = parseSignal(text(invocation.options, 'signal') ?? 'KILL');
  const context = openContext();
  return forEach(selectContainers(context, invocation, ({ state }) => state.status === 'running'), printLine, ({ id, shown }) => {
    killContainer(context, id, signal);
    return shown;
  });
}
