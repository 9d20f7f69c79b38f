import { SkiffError } from '../../../lib/errors.ts';
import { exclusive, isGiven } from '../../options/checks.ts';
import { allOption, latestOption } from '../../options/select.ts';
import type { Check, CommandSpec } from '../../spec.ts';

const allAlone: Check = (options, args) => {
  exclusive('all', 'latest')(options, args);
  if (isGiven(options, 'all') && args.length > 0) throw new SkiffError('USAGE', 'no arguments are needed with --all');
};

export const spec: CommandSpec = {
  path: ['port'],
  aliases: [['container', 'port']],
  summary: 'Show the published ports of containers',
  args: [{ name: 'CONTAINER', complete: { kind: 'container', state: 'running' } }, { name: 'PORT[/PROTOCOL]', complete: { kind: 'port' } }],
  options: [allOption('Show the ports of all running containers'), latestOption],
  checks: [allAlone],
  examples: [{ text: 'Where port 80 of a container is on the host', command: 'skiff port web 80' }],
  needs: { userns: 'none' },
  run: () => import('./port.run.ts'),
};
