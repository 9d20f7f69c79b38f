import { createChecks, createOptions } from '../../options/create.ts';
import { exclusive } from '../../options/checks.ts';
import { detachKeysOption, sigProxyOption } from '../../options/streams.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['run'],
  aliases: [['container', 'run']],
  summary: 'Run a command in a new container',
  description: [
    'Creates a container from the image and starts it. Without --detach the terminal is attached to it, and the exit code is that of the command; '
    + '125 when skiff itself failed, 126 when the command cannot be invoked or its network cannot be had, 127 when it cannot be found.',
    'Options end at IMAGE: what follows belongs to the command.',
  ],
  args: [{ name: 'IMAGE', required: true, complete: { kind: 'image' } }, { name: 'COMMAND', rest: true, complete: { kind: 'command' } }],
  options: [
    ...createOptions,
    { name: 'detach', short: 'd', kind: 'bool', help: 'Run in the background and print the id' },
    { name: 'attach', short: 'a', kind: 'list', commas: true, value: 'STREAM', help: 'Attach only to stdin, stdout or stderr', complete: { kind: 'choice', words: ['stdin', 'stdout', 'stderr'] } },
    detachKeysOption,
    sigProxyOption(),
    { name: 'passwd', kind: 'bool', help: 'Complete /etc/passwd and /etc/group for the user', default: 'true' },
  ],
  checks: [...createChecks, exclusive('detach', 'attach')],
  stopAtFirst: true,
  examples: [
    { text: 'A shell in a throw-away container', command: 'skiff run --rm -it debian bash' },
    { text: 'A server in the background, its port 80 at 8080 of the host', command: 'skiff run -d --name web -p 8080:80 nginx' },
    { text: 'The current folder inside, files stay yours', command: 'skiff run --rm -v .:/src -w /src --userns keep-id node npm test' },
  ],
  needs: { userns: 'enter', network: true, layers: true },
  run: () => import('./run.run.ts'),
};
