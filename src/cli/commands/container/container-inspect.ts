import { latestAlone } from '../../options/checks.ts';
import { formatOption } from '../../options/format.ts';
import { latestOption } from '../../options/select.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['container', 'inspect'],
  summary: 'Show everything known about containers',
  args: [{ name: 'CONTAINER', rest: true, complete: { kind: 'container', state: 'all' } }],
  options: [formatOption('Print by a Go template instead of as JSON', 'f'), latestOption, { name: 'size', short: 's', kind: 'bool', help: 'Show the sizes of the files' }],
  checks: [latestAlone('arguments')],
  needs: { userns: 'none' },
  run: () => import('./inspect.run.ts'),
};
