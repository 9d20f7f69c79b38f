import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['image', 'scp'],
  summary: 'Copy an image to another machine (left out: pipe save into load)',
  args: [{ name: 'IMAGE', rest: true, complete: { kind: 'image' } }],
  options: [{ name: 'quiet', short: 'q', kind: 'bool', help: 'Taken for the sake of scripts' }],
  needs: { userns: 'none' },
  hidden: true,
  run: () => import('./scp.run.ts'),
};
