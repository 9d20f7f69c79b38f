import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['image', 'diff'],
  summary: 'Show what the last layer of an image changed',
  description: ['A line each: A for what was added, C for what was changed, D for what was deleted. With a second name the first is compared with the whole of the second.'],
  args: [{ name: 'IMAGE', required: true, complete: { kind: 'image' } }, { name: 'OTHER', complete: { kind: 'image' } }],
  options: [
    { name: 'format', kind: 'string', value: 'FORMAT', oneOf: ['json'], help: 'Print as JSON' },
  ],
  examples: [{ text: 'What is new', command: 'skiff image diff app:2 app:1' }],
  needs: { userns: 'enter' },
  run: () => import('./diff.run.ts'),
};
