import { namesOr, requires } from '../../options/checks.ts';
import { filterOption } from '../../options/filter.ts';
import { allOption, cidfileOption, containerFilters, ignoreOption, latestOption, timeOption } from '../../options/select.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['rm'],
  aliases: [['container', 'rm']],
  summary: 'Remove containers',
  description: ['Images stay. Exit code 1: a container did not exist; 2: one runs and --force was not given; 125: another failure.'],
  args: [{ name: 'CONTAINER', rest: true, complete: { kind: 'container', state: 'all' } }],
  options: [
    allOption('Remove all containers'), cidfileOption, filterOption(containerFilters, 'Only those that match', undefined),
    { name: 'force', short: 'f', kind: 'bool', help: 'Stop a running container first; a missing one is no failure' },
    ignoreOption, latestOption, timeOption,
    { name: 'volumes', short: 'v', kind: 'bool', help: 'Remove the anonymous volumes of the container too' },
  ],
  checks: [namesOr('all', 'latest', 'filter', 'cidfile'), requires('time', 'force')],
  examples: [{ text: 'Remove everything, running or not', command: 'skiff rm -fa' }],
  needs: { userns: 'enter' },
  run: () => import('./rm.run.ts'),
};
