import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['container', 'exists'],
  summary: 'Tell by the exit code whether a container exists',
  description: ['0: it exists; 1: it does not.'],
  args: [{ name: 'CONTAINER', required: true, complete: { kind: 'container', state: 'all' } }],
  options: [{ name: 'external', kind: 'bool', help: 'Taken for the sake of scripts: the store holds no other containers', hidden: true }],
  needs: { userns: 'none' },
  run: () => import('./exists.run.ts'),
};
