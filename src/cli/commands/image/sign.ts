import { authfileOption, certDirOption } from '../../options/registry.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['image', 'sign'],
  summary: 'Sign an image (left out: signatures are not made yet)',
  args: [{ name: 'IMAGE', rest: true, complete: { kind: 'image' } }],
  options: [
    { name: 'all', short: 'a', kind: 'bool', help: 'All images of a list' },
    authfileOption, certDirOption,
    { name: 'directory', short: 'd', kind: 'string', value: 'DIR', help: 'Where signatures are kept', complete: { kind: 'dir' } },
    { name: 'sign-by', kind: 'string', value: 'KEY', help: 'The key to sign with' },
  ],
  needs: { userns: 'none' },
  hidden: true,
  run: () => import('./sign.run.ts'),
};
