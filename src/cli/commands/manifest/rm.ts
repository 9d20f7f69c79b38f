import { ignoreOption } from '../../options/select.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['manifest', 'rm'],
  summary: 'Remove manifest lists',
  description: ['The images that are in them stay. Exit code 1 where a list does not exist.'],
  args: [{ name: 'LIST', required: true, rest: true }],
  options: [{ ...ignoreOption, help: 'Do not fail where a list is missing' }],
  examples: [{ text: 'One', command: 'skiff manifest rm app:1' }],
  needs: { userns: 'none' },
  run: () => import('./rm.run.ts'),
};
