import { allOption, latestOption } from '../../options/select.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['port'],
  aliases: [['container', 'port']],
  summary: 'Show the published ports of containers',
  args: [{ name: 'CONTAINER', complete: { kind: 'container', state: 'running' } }, { name: 'PORT[/PROTOCOL]' }],
  options: [allOption('Show the ports of all running containers'), latestOption],
  examples: [{ text: 'Where port 80 of a container is on the host', command: 'skiff port web 80' }],
  needs: { userns: 'none' },
  run: () => import('./port.run.ts'),
};
