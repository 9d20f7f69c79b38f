import { namesOr } from '../../options/checks.ts';
import { latestOption } from '../../options/select.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['wait'],
  aliases: [['container', 'wait']],
  summary: 'Wait until containers have ended and print their exit codes',
  args: [{ name: 'CONTAINER', rest: true, complete: { kind: 'container', state: 'running' } }],
  options: [
    { name: 'condition', kind: 'list', commas: true, value: 'STATE', help: 'State to wait for', oneOf: ['stopped', 'exited', 'running'], default: 'stopped' },
    { name: 'interval', short: 'i', kind: 'string', value: 'DURATION', help: 'How often to look while waiting for "running", in milliseconds or as 1s', default: '250ms' },
    latestOption,
  ],
  checks: [namesOr('latest')],
  needs: { userns: 'none' },
  run: () => import('./wait.run.ts'),
};
