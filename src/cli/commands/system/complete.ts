import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['__complete'],
  summary: 'Print the words that may stand at the end of a command line, for shell completion',
  args: [{ name: 'WORD', rest: true }],
  stopAtFirst: true,
  needs: { userns: 'none' },
  hidden: true,
  run: () => import('./complete.run.ts'),
};
