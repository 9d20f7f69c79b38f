import { envFileOption, envOption, privilegedOption, userOption, workdirOption } from '../../options/process.ts';
import { latestOption } from '../../options/select.ts';
import { detachKeysOption, interactiveOption, ttyOption } from '../../options/streams.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['exec'],
  aliases: [['container', 'exec']],
  summary: 'Run a command in a running container',
  description: [
    'The exit code is that of the command; 126 when it cannot be invoked, 127 when it cannot be found, 255 when the container does not run or does not know the user; in the background 125 for any of these.',
    'Options end at CONTAINER (with --latest, at COMMAND).',
  ],
  args: [{ name: 'CONTAINER', required: true, complete: { kind: 'container', state: 'running' } }, { name: 'COMMAND', rest: true, complete: { kind: 'command' } }],
  options: [
    { name: 'detach', short: 'd', kind: 'bool', help: 'Run in the background' },
    detachKeysOption, envOption, envFileOption, interactiveOption, latestOption, privilegedOption, ttyOption, userOption, workdirOption,
  ],
  stopAtFirst: true,
  examples: [
    { text: 'A shell in a running container', command: 'skiff exec -it web sh' },
    { text: 'A command as another user', command: 'skiff exec -u postgres db psql -c "select 1"' },
  ],
  needs: { userns: 'enter' },
  run: () => import('./exec.run.ts'),
};
