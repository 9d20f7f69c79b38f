import { latestAlone } from '../../options/checks.ts';
import { latestOption } from '../../options/select.ts';
import { detachKeysOption, sigProxyOption } from '../../options/streams.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['attach'],
  aliases: [['container', 'attach']],
  summary: 'Attach this terminal to a running container',
  description: ['Ends with the exit code of the container, or with 0 after the detach keys.'],
  args: [{ name: 'CONTAINER', complete: { kind: 'container', state: 'running' } }],
  options: [detachKeysOption, latestOption, { name: 'no-stdin', kind: 'bool', help: 'Do not attach standard input' }, sigProxyOption()],
  checks: [latestAlone()],
  needs: { userns: 'none' },
  run: () => import('./attach.run.ts'),
};
