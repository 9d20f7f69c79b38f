import { formatOption } from '../../options/format.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['image', 'inspect'],
  summary: 'Show everything known about images',
  args: [{ name: 'IMAGE', required: true, rest: true, complete: { kind: 'image' } }],
  options: [formatOption('Print by a Go template instead of as JSON', 'f')],
  examples: [{ text: 'The environment that containers get', command: `skiff image inspect --format '{{.Config.Env}}' app:1` }],
  needs: { userns: 'none' },
  run: () => import('./inspect.run.ts'),
};
