import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['manifest', 'exists'],
  summary: 'Tell by the exit code whether a manifest list exists',
  description: ['Exit code 0 where it does, 1 where it does not. Nothing is printed.'],
  args: [{ name: 'LIST', required: true }],
  examples: [{ text: 'Create once', command: 'skiff manifest exists app:1 || skiff manifest create app:1' }],
  needs: { userns: 'none' },
  run: () => import('./exists.run.ts'),
};
