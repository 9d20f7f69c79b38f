import { exclusive } from '../../options/checks.ts';
import { noHeadingOption } from '../../options/format.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['image', 'trust', 'show'],
  summary: 'Show which images may come in',
  description: [
    'The policy is ~/.config/containers/policy.json, else /etc/containers/policy.json. Where there is neither, every image may.',
    'What it says is asked by every command that brings images in. Requirements of signatures are refused: signatures are not yet verified by skiff.',
  ],
  args: [{ name: 'REGISTRY' }],
  options: [
    { name: 'json', short: 'j', kind: 'bool', help: 'Print as JSON' },
    noHeadingOption('n'),
    { name: 'policypath', kind: 'string', value: 'FILE', help: 'The policy is in this file', complete: { kind: 'file' }, hidden: true },
    { name: 'raw', kind: 'bool', help: 'Print the file as it is' },
  ],
  checks: [exclusive('json', 'raw')],
  needs: { userns: 'none' },
  run: () => import('./trust-show.run.ts'),
};
