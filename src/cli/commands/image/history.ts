import { formatOption, noTruncOption, quietOption } from '../../options/format.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['history'],
  aliases: [['image', 'history']],
  summary: 'Show how an image came to be',
  args: [{ name: 'IMAGE', required: true, complete: { kind: 'image' } }],
  options: [
    formatOption(),
    { name: 'human', short: 'H', kind: 'bool', help: 'Print sizes and times for people', default: 'true' },
    noTruncOption,
    quietOption(),
  ],
  examples: [{ text: 'The commands that made it, in full', command: `skiff history --no-trunc --format '{{.CreatedBy}}' app:1` }],
  needs: { userns: 'none' },
  run: () => import('./history.run.ts'),
};
