import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['image', 'trust', 'set'],
  summary: 'Say which images may come in',
  description: [
    'SCOPE is a registry (quay.io), a namespace or repository in it (docker.io/library/busybox), one tag of it, all hosts of a domain (*.example.com), or "default" for all that no other rule is about. The most specific rule counts.',
    'The rule is written to ~/.config/containers/policy.json. Where that is missing it begins with the rules of /etc/containers/policy.json, whose place it takes.',
  ],
  args: [{ name: 'SCOPE', required: true }],
  options: [
    { name: 'policypath', kind: 'string', value: 'FILE', help: 'The policy is in this file', complete: { kind: 'file' }, hidden: true },
    { name: 'pubkeysfile', short: 'f', kind: 'list', commas: true, value: 'FILE', help: 'Public key for signedBy and sigstoreSigned, which are refused: signatures are not yet verified by skiff', complete: { kind: 'file' } },
    {
      name: 'type', short: 't', kind: 'string', value: 'TYPE', default: 'signedBy', oneOf: ['accept', 'reject', 'signedBy', 'sigstoreSigned'],
      help: 'Whether these images may come in; signedBy and sigstoreSigned are refused, as no signature is verified yet',
    },
  ],
  examples: [
    { text: 'Nothing but what is named', command: 'skiff image trust set -t reject default' },
    { text: 'All of one registry', command: 'skiff image trust set -t accept quay.io' },
  ],
  needs: { userns: 'none' },
  run: () => import('./trust-set.run.ts'),
};
