import { namesOr } from '../../options/checks.ts';
import { filterOption } from '../../options/filter.ts';
import { allOption, cidfileOption, containerFilters, latestOption } from '../../options/select.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['unpause'],
  aliases: [['container', 'unpause']],
  summary: 'Let the processes of paused containers go on',
  description: ['Works on hosts with cgroup v2 alone, where control groups are delegated to the user.'],
  args: [{ name: 'CONTAINER', rest: true, complete: { kind: 'container', state: 'all' } }],
  options: [allOption('Unpause all paused containers'), cidfileOption, filterOption(containerFilters), latestOption],
  checks: [namesOr('all', 'latest', 'filter', 'cidfile')],
  examples: [{ text: 'Let everything go on that was paused', command: 'skiff unpause --all' }],
  needs: { userns: 'enter' },
  run: () => import('./unpause.run.ts'),
};
