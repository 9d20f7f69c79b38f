import { cleanupContainer } from '../../../container/cleanup.ts';
import { killContainer } from '../../../container/kill.ts';
import { isOrphaned } from '../../../container/orphan.ts';
import { parseSignal } from '../../../container/signals.ts';
import { reenterInside } from '../../../host/become.ts';
import { printLine } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { openContext } from './_context.ts';
import { forEach, selectContainers } from './_select.ts';
import { text } from './_values.ts';

const SIGKILL = 9;
const SIGTERM = 15;

export function run(invocation: Invocation): Promise<number> {
  const signal = parseSignal(text(invocation.options, 'signal') ?? 'KILL');
  const context = openContext();
  const chosen = selectContainers(context, invocation, ({ record, state }) => state.status === 'running' || isOrphaned(context, record.ID));
  const ends = signal === SIGKILL || signal === SIGTERM;
  // Whose monitor was killed has nobody to signal it: it can only be ended, by the runtime, inside.
  if (ends && chosen.some(({ id }) => isOrphaned(context, id))) reenterInside();
  return forEach(chosen, printLine, ({ id, shown }) => {
    if (ends && isOrphaned(context, id)) cleanupContainer(context, id, { remove: false });
    else killContainer(context, id, signal);
    return shown;
  });
}
