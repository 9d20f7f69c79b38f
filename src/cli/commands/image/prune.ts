import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['image', 'prune'],
  summary: 'Remove images that nothing needs',
  description: ['Without --all only images without a name. Images that containers use or that are mounted always stay.'],
  options: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Remove named images too, as long as no container uses them' },
    { name: 'build-cache', kind: 'bool', help: 'Taken for the sake of scripts; there is no build cache', hidden: true },
    { name: 'external', kind: 'bool', help: 'Taken for the sake of scripts; there are no external containers', hidden: true },
    {
      name: 'filter', kind: 'list', commas: true, value: 'KEY=VALUE', help: 'Only those that match',
      complete: { kind: 'choice', words: ['label=', 'until='] },
    },
    { name: 'force', short: 'f', kind: 'bool', help: 'Do not ask' },
  ],
  examples: [{ text: 'All that is older than a week and unused', command: 'skiff image prune --all --filter until=168h' }],
  needs: { userns: 'enter' },
  run: () => import('./prune.run.ts'),
};
