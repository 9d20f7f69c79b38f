import { namesOr } from '../../options/checks.ts';
import { filterOption } from '../../options/filter.ts';
import { allOption, cidfileOption, containerFilters, ignoreOption, latestOption, timeOption } from '../../options/select.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['stop'],
  aliases: [['container', 'stop']],
  summary: 'Stop containers',
  description: ['Sends the stop signal (SIGTERM unless the container has another) and, when the time is up, SIGKILL. Those that do not run are passed over.'],
  args: [{ name: 'CONTAINER', rest: true, complete: { kind: 'container', state: 'running' } }],
  options: [allOption('Stop all running containers'), cidfileOption, filterOption(containerFilters), ignoreOption, latestOption, timeOption],
  checks: [namesOr('all', 'latest', 'filter', 'cidfile')],
  examples: [{ text: 'Give it half a minute to end by itself', command: 'skiff stop -t 30 db' }],
  needs: { userns: 'none' },
  run: () => import('./stop.run.ts'),
};
