import { allOption } from '../../options/select.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['image', 'mount'],
  summary: 'Mount images read-only, to look into them',
  description: [
    'Works in the shell of `skiff unshare` alone, and ends with it. Prints where the image is. Without IMAGE and --all the images that are mounted in this shell are listed.',
    'An image that is mounted is not removed.',
  ],
  args: [{ name: 'IMAGE', rest: true, complete: { kind: 'image' } }],
  options: [
    allOption('Mount all images'),
    { name: 'format', kind: 'string', value: 'FORMAT', oneOf: ['json'], help: 'Print the list as JSON' },
  ],
  examples: [{ text: 'What an image says it is', command: `skiff unshare sh -c 'cat $(skiff image mount app:1)/etc/os-release'` }],
  needs: { userns: 'none' },
  run: () => import('./mount.run.ts'),
};
