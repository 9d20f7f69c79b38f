import { cleanupContainer } from '../../../container/cleanup.ts';
import { killContainer } from '../../../container/kill.ts';
import { parseSignal } from '../../../container/signals.ts';
import { printLine } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { openContext } from './_context.ts';
import { selectToEnd } from './_orphans.ts';
import { forEach } from './_select.ts';
import { text } from './_values.ts';

const SIGKILL = 9;
const SIGTERM = 15;

export function run(invocation: Invocation): Promise<number> {
  const signal = parseSignal(text(invocation.options, 'signal') ?? 'KILL');
  const context = openContext();
  const ends = signal === SIGKILL || signal === SIGTERM;
  const { chosen, orphaned } = selectToEnd(context, invocation, ends);
  return forEach(chosen, printLine, ({ id, shown }) => {
    if (ends && orphaned.has(id)) cleanupContainer(context, id, { remove: false });
    else killContainer(context, id, signal);
    return shown;
  });
}
