import { allOption, ignoreOption } from '../../options/select.ts';
import { namesOr } from '../../options/checks.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['rmi'],
  aliases: [['image', 'rm'], ['image', 'remove']],
  summary: 'Remove images',
  description: [
    'An image that has other names only loses the one given. Images that containers use stay, unless --force removes those containers first.',
    'Exit code 1 where a named image does not exist, 2 where one is in use.',
  ],
  args: [{ name: 'IMAGE', rest: true, complete: { kind: 'image' } }],
  options: [
    allOption('Remove all images'),
    { name: 'force', short: 'f', kind: 'bool', help: 'Take all names and remove containers that use the image' },
    { ...ignoreOption, help: 'Do not fail where a named image is missing' },
    { name: 'no-prune', kind: 'bool', help: 'Keep nameless parents' },
  ],
  checks: [namesOr('all')],
  examples: [
    { text: 'One image', command: 'skiff rmi app:1' },
    { text: 'Everything, with the containers', command: 'skiff rmi --all --force' },
  ],
  needs: { userns: 'enter' },
  run: () => import('./rm.run.ts'),
};
