import type { CommandSpec } from '../../spec.ts';
import { memberOptions } from './_member-options.ts';

export const spec: CommandSpec = {
  path: ['manifest', 'annotate'],
  summary: 'Say more of an image in a manifest list',
  description: ['IMAGE is the digest of an image in the list, or an image of the store that is in it. Prints the list\'s id.'],
  args: [{ name: 'LIST', required: true }, { name: 'IMAGE', complete: { kind: 'image' } }],
  options: [...memberOptions, { name: 'index', kind: 'bool', help: 'Annotate the list itself' }],
  examples: [{ text: 'The platform', command: 'skiff manifest annotate --arch arm64 --variant v8 app:1 app:1-arm64' }],
  needs: { userns: 'none' },
  run: () => import('./annotate.run.ts'),
};
