import { latestOption } from '../../options/select.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['container', 'diff'],
  summary: 'Show what a container changed',
  description: ['A line each: A for what was added, C for what was changed, D for what was deleted. With a second name the first is compared with the whole of the second.'],
  args: [{ name: 'CONTAINER', complete: { kind: 'container' } }, { name: 'OTHER', complete: { kind: 'container' } }],
  options: [
    { name: 'format', kind: 'string', value: 'FORMAT', oneOf: ['json'], help: 'Print as JSON' },
    latestOption,
  ],
  examples: [{ text: 'What is new', command: 'skiff container diff --format json web' }],
  needs: { userns: 'enter' },
  run: () => import('./diff.run.ts'),
};
