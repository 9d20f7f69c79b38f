import { namesOr } from '../../options/checks.ts';
import { allOption, latestOption } from '../../options/select.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['container', 'cleanup'],
  summary: 'Clear away what a container that has ended may have left behind',
  description: ['Ends processes that outlived their monitor, and removes a container that was to be removed at its end. Needed only after a monitor was killed; every start and rm does it too.'],
  args: [{ name: 'CONTAINER', rest: true, complete: { kind: 'container', state: 'stopped' } }],
  options: [allOption('Clean up all containers'), latestOption, { name: 'rm', kind: 'bool', help: 'Remove the container' }],
  checks: [namesOr('all', 'latest')],
  hidden: true,
  needs: { userns: 'enter' },
  run: () => import('./cleanup.run.ts'),
};
