import { namesOr } from '../../options/checks.ts';
import { latestOption } from '../../options/select.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['logs'],
  aliases: [['container', 'logs']],
  summary: 'Print what containers have written',
  description: ['What a container wrote to its standard error goes to standard error. With --follow the command ends when the container does.'],
  args: [{ name: 'CONTAINER', rest: true, complete: { kind: 'container', state: 'all' } }],
  options: [
    { name: 'color', kind: 'bool', help: 'Give each container a color' },
    { name: 'follow', short: 'f', kind: 'bool', help: 'Go on with what comes' },
    latestOption,
    { name: 'names', short: 'n', kind: 'bool', help: 'Put the name before each line of several containers, not the id' },
    { name: 'since', kind: 'string', value: 'TIME', help: 'Only what was written since then: RFC 3339, unix seconds, or a duration like 10m' },
    { name: 'tail', kind: 'int', min: -1, value: 'LINES', help: 'Only the last lines; -1 for all', default: '-1' },
    { name: 'timestamps', short: 't', kind: 'bool', help: 'Put the time before each line' },
    { name: 'until', kind: 'string', value: 'TIME', help: 'Only what was written before then; a duration counts from now on' },
  ],
  checks: [namesOr('latest')],
  examples: [{ text: 'Watch a server from its last ten lines on', command: 'skiff logs -f --tail 10 web' }],
  needs: { userns: 'none' },
  run: () => import('./logs.run.ts'),
};
