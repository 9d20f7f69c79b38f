import { filterOption } from '../../options/filter.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['container', 'prune'],
  summary: 'Remove containers that do not run',
  description: ['Prints the ids of those that are gone. Volumes stay.'],
  options: [
    filterOption(['label', 'until'], 'Only those that match', undefined),
    { name: 'force', short: 'f', kind: 'bool', help: 'Do not ask' },
  ],
  examples: [{ text: 'Those older than a day', command: 'skiff container prune --force --filter until=24h' }],
  needs: { userns: 'enter' },
  run: () => import('./prune.run.ts'),
};
