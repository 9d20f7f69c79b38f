import { latestAlone } from '../../options/checks.ts';
import { latestOption } from '../../options/select.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['diff'],
  summary: 'Show what a container or the last layer of an image changed',
  description: ['A line each: A for what was added, C for what was changed, D for what was deleted. With a second name the first is compared with the whole of the second.'],
  args: [{ name: 'CONTAINER|IMAGE', complete: { kind: 'container' } }, { name: 'OTHER', complete: { kind: 'container' } }],
  options: [
    { name: 'format', kind: 'string', value: 'FORMAT', oneOf: ['json'], help: 'Print as JSON' },
    latestOption,
  ],
  checks: [latestAlone()],
  examples: [{ text: 'What is new', command: 'skiff diff web' }],
  needs: { userns: 'enter' },
  run: () => import('./diff.run.ts'),
};
