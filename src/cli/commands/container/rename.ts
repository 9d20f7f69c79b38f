import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['rename'],
  aliases: [['container', 'rename']],
  summary: 'Give a container another name',
  args: [{ name: 'CONTAINER', required: true, complete: { kind: 'container', state: 'all' } }, { name: 'NAME', required: true }],
  needs: { userns: 'none' },
  run: () => import('./rename.run.ts'),
};
