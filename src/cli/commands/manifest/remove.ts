import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['manifest', 'remove'],
  summary: 'Take an image out of a manifest list',
  description: ['IMAGE is the digest of an image in the list, or an image of the store that is in it. Prints the list\'s id.'],
  args: [{ name: 'LIST', required: true }, { name: 'IMAGE', required: true, complete: { kind: 'image' } }],
  examples: [{ text: 'By its name in the store', command: 'skiff manifest remove app:1 app:1-arm64' }],
  needs: { userns: 'none' },
  run: () => import('./remove.run.ts'),
};
