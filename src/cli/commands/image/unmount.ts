import { namesOr } from '../../options/checks.ts';
import { allOption } from '../../options/select.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['image', 'unmount'],
  aliases: [['image', 'umount']],
  summary: 'Unmount images',
  description: ['Works in the shell of `skiff unshare` that mounted them. Prints the ids.'],
  args: [{ name: 'IMAGE', rest: true, complete: { kind: 'image' } }],
  options: [
    allOption('Unmount all images that are mounted in this shell'),
    { name: 'force', short: 'f', kind: 'bool', help: 'Unmount even while something is using the mount' },
  ],
  checks: [namesOr('all')],
  examples: [{ text: 'Everything', command: 'skiff image unmount --all' }],
  needs: { userns: 'none' },
  run: () => import('./unmount.run.ts'),
};
