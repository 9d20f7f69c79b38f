import { namesOr } from '../../options/checks.ts';
import { filterOption } from '../../options/filter.ts';
import { allOption, cidfileOption, containerFilters, latestOption } from '../../options/select.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['pause'],
  aliases: [['container', 'pause']],
  summary: 'Make all processes of containers stand still',
  description: ['Works on hosts with cgroup v2 alone, where control groups are delegated to the user.'],
  args: [{ name: 'CONTAINER', rest: true, complete: { kind: 'container', state: 'running' } }],
  options: [allOption('Pause all running containers'), cidfileOption, filterOption(containerFilters), latestOption],
  checks: [namesOr('all', 'latest', 'filter', 'cidfile')],
  examples: [{ text: 'Free the processor for a while', command: 'skiff pause batch' }],
  needs: { userns: 'enter' },
  run: () => import('./pause.run.ts'),
};
