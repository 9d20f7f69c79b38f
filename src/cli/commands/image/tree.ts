import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['image', 'tree'],
  summary: 'Show the layers of an image and the images that share them',
  args: [{ name: 'IMAGE', required: true, complete: { kind: 'image' } }],
  options: [{ name: 'whatrequires', kind: 'bool', help: 'Show all images that stand upon this one, with their layers' }],
  examples: [{ text: 'What would be lost with the base image', command: 'skiff image tree --whatrequires debian:bookworm' }],
  needs: { userns: 'none' },
  run: () => import('./tree.run.ts'),
};
