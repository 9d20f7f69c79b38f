import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['__worker'],
  summary: 'Read or write bytes nobody vouches for, confined to one folder; started by other commands',
  args: [{ name: 'KIND', required: true }],
  needs: { userns: 'worker' },
  hidden: true,
  run: () => import('./worker.run.ts'),
};
