import { cleanupContainer } from '../../../container/cleanup.ts';
import { isOrphaned } from '../../../container/orphan.ts';
import { mustNotBePaused, stopContainers } from '../../../container/stop.ts';
import { nameOf, readRecord } from '../../../container/record.ts';
import { silentMonitor } from '../../../container/silent-monitor.ts';
import { reenterInside } from '../../../host/become.ts';
import { printLine, warn } from '../../output.ts';
import { reportError } from '../../report.ts';
import type { Invocation } from '../../spec.ts';
import { openContext } from './_context.ts';
import { selectContainers } from './_select.ts';
import { number } from './_values.ts';

export function run(invocation: Invocation): number {
  const context = openContext();
  const seconds = number(invocation.options, 'time');
  const chosen = selectContainers(context, invocation, ({ record, state }) => state.status === 'running' || isOrphaned(context, record.ID));
  // Whose monitor was killed has nobody to tell it; that takes the runtime, inside.
  if (chosen.some(({ id }) => isOrphaned(context, id))) reenterInside();
  const records = new Map(chosen.map(({ id }) => [id, readRecord(context, id)]));
  let code = 0;
  const able = chosen.filter(({ id }) => {
    try {
      mustNotBePaused(context, id);
      return true;
    } catch (error) {
      code = reportError(error);
      return false;
    }
  });
  const results = stopContainers(context, able.map(({ id }) => id), seconds);
  for (const { id, stopped, killed, silent } of results) {
    const record = records.get(id);
    if (!stopped && !silent && isOrphaned(context, id)) cleanupContainer(context, id, { remove: false });
    if (silent) {
      code = reportError(silentMonitor(context, id));
      continue;
    }
    if (killed && seconds !== 0 && record !== undefined) {
      warn(`StopSignal ${record.Config.StopSignal ?? 'SIGTERM'} failed to stop container ${nameOf(record)} in ${seconds ?? record.Skiff.stopTimeoutSeconds} seconds, resorting to SIGKILL`);
    }
    printLine(chosen.find((one) => one.id === id)?.shown ?? id);
  }
  return code;
}
