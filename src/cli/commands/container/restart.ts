import { namesOr } from '../../options/checks.ts';
import { filterOption } from '../../options/filter.ts';
import { allOption, cidfileOption, containerFilters, latestOption, timeOption } from '../../options/select.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['restart'],
  aliases: [['container', 'restart']],
  summary: 'Stop containers and start them again',
  description: ['Containers that do not run are started.'],
  args: [{ name: 'CONTAINER', rest: true, complete: { kind: 'container', state: 'all' } }],
  options: [
    allOption('Restart all containers'), cidfileOption, filterOption(containerFilters), latestOption,
    { name: 'running', kind: 'bool', help: 'Restart all running containers' }, timeOption,
  ],
  checks: [namesOr('all', 'latest', 'filter', 'cidfile', 'running')],
  needs: { userns: 'enter' },
  run: () => import('./restart.run.ts'),
};
