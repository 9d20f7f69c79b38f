import { expectEnds, waitRunning } from '../../../container/wait.ts';
import { parseDuration } from '../../../lib/units.ts';
import { printLine } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { openContext } from './_context.ts';
import { forEach, selectContainers } from './_select.ts';
import { list, text } from './_values.ts';

export function run(invocation: Invocation): Promise<number> {
  const context = openContext();
  const conditions = list(invocation.options, 'condition');
  const chosen = selectContainers(context, invocation);
  if (conditions.length > 0 && conditions.every((word) => word === 'running')) {
    const interval = text(invocation.options, 'interval') ?? '250ms';
    const intervalMs = Math.max(1, /^\d+$/.test(interval) ? Number(interval) : parseDuration(interval));
    return forEach(chosen, printLine, ({ id }) => {
      waitRunning(context, id, intervalMs);
      return '-1'; // it has no exit code yet
    });
  }
  const ends = expectEnds(context, chosen.map(({ id }) => id));
  return forEach(chosen, printLine, ({ id }) => String(ends.get(id)?.()));
}
