import { waitContainer } from '../../../container/wait.ts';
import { parseDuration } from '../../../lib/units.ts';
import { printLine } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { openContext } from './_context.ts';
import { forEach, selectContainers } from './_select.ts';
import { list, text } from './_values.ts';

export function run(invocation: Invocation): Promise<number> {
  const context = openContext();
  const condition = list(invocation.options, 'condition').every((word) => word === 'running') && list(invocation.options, 'condition').length > 0 ? 'running' : 'stopped';
  const interval = text(invocation.options, 'interval') ?? '250ms';
  const intervalMs = Math.max(1, /^\d+$/.test(interval) ? Number(interval) : parseDuration(interval));
  return forEach(selectContainers(context, invocation), printLine, ({ id }) => String(waitContainer(context, id, condition, intervalMs)));
}
