import { namesOr } from '../../options/checks.ts';
import { allOption, latestOption } from '../../options/select.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['container', 'cleanup'],
  summary: 'Clear away what a container that has ended may have left behind',
  description: ['Tells the OCI runtime and the network of the end of a container whose monitor was killed, and removes a container that was to be removed at its end. Every start and rm does it too.'],
  args: [{ name: 'CONTAINER', rest: true, complete: { kind: 'container', state: 'stopped' } }],
  options: [allOption('Clean up all containers'), latestOption, { name: 'rm', kind: 'bool', help: 'Remove the container' }],
  checks: [namesOr('all', 'latest')],
  hidden: true,
  needs: { userns: 'enter' },
  run: () => import('./cleanup.run.ts'),
};
