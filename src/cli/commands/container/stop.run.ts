import { cleanupContainer } from '../../../container/cleanup.ts';
import { mustNotBePaused, stopContainers } from '../../../container/stop.ts';
import { nameOf, readRecord } from '../../../container/record.ts';
import { silentMonitor } from '../../../container/silent-monitor.ts';
import { printLine, warn } from '../../output.ts';
import { reportError } from '../../report.ts';
import type { Invocation } from '../../spec.ts';
import { openContext } from './_context.ts';
import { selectToEnd } from './_orphans.ts';
import { number } from './_values.ts';

export function run(invocation: Invocation): number {
  const context = openContext();
  const seconds = number(invocation.options, 'time');
  const { chosen, orphaned } = selectToEnd(context, invocation);
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
    if (!stopped && !silent && orphaned.has(id)) cleanupContainer(context, id, { remove: false });
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
