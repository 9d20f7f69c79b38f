import { namesOr } from '../../options/checks.ts';
import { allOption, cidfileOption, latestOption } from '../../options/select.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['kill'],
  aliases: [['container', 'kill']],
  summary: 'Send a signal to running containers',
  args: [{ name: 'CONTAINER', rest: true, complete: { kind: 'container', state: 'running' } }],
  options: [
    allOption('Signal all running containers'), cidfileOption, latestOption,
    { name: 'signal', short: 's', kind: 'string', value: 'SIGNAL', help: 'Signal to send, by name or number', default: 'KILL', complete: { kind: 'signal' } },
  ],
  checks: [namesOr('all', 'latest', 'cidfile')],
  examples: [{ text: 'Have a server read its configuration again', command: 'skiff kill -s HUP web' }],
  needs: { userns: 'none' },
  run: () => import('./kill.run.ts'),
};
