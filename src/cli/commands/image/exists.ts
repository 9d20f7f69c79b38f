import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['image', 'exists'],
  summary: 'Tell by the exit code whether an image exists',
  description: ['Exit code 0 where it does, 1 where it does not. Nothing is printed.'],
  args: [{ name: 'IMAGE', required: true, complete: { kind: 'image' } }],
  examples: [{ text: 'Import once', command: 'skiff image exists base || skiff import rootfs.tar base' }],
  needs: { userns: 'none' },
  run: () => import('./exists.run.ts'),
};
