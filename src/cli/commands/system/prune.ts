import { filterOption } from '../../options/filter.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['system', 'prune'],
  summary: 'Remove what nothing uses: containers, images, on demand volumes',
  description: [
    'Containers that do not run go, then images without a name (with --all every image that no container has), with --volumes the volumes that no container has, and what pulls that were cut have left. What a running command uses stays.',
  ],
  options: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Remove named images too, as long as no container has them' },
    { name: 'build', kind: 'bool', help: 'Taken for the sake of scripts; there are no build containers', hidden: true },
    { name: 'external', kind: 'bool', help: 'Taken for the sake of scripts; there are no external containers', hidden: true },
    filterOption(['label', 'until'], 'Only those that match', undefined),
    { name: 'force', short: 'f', kind: 'bool', help: 'Do not ask' },
    { name: 'volumes', kind: 'bool', help: 'Remove volumes too' },
  ],
  examples: [{ text: 'Everything that is older than a week and unused', command: 'skiff system prune --all --force --filter until=168h' }],
  needs: { userns: 'enter' },
  run: () => import('./prune.run.ts'),
};
