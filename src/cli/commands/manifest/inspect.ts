import { registryOptions } from '../../options/registry.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['manifest', 'inspect'],
  summary: 'Show a manifest list, of the store or of a registry',
  description: ['A list of the store is shown as it would be pushed. A NAME that is none of these, and docker://NAME, is asked for at its registry; a single image\'s manifest is shown with a warning.'],
  args: [{ name: 'NAME', required: true }],
  options: [
    ...registryOptions,
    { name: 'verbose', short: 'v', kind: 'bool', help: 'Docker\'s; without effect', hidden: true },
    { name: 'insecure', kind: 'bool', help: 'Docker\'s: accept a registry whose certificate can\'t be verified', hidden: true },
  ],
  examples: [{ text: 'At its registry', command: 'skiff manifest inspect docker://registry.example.com/app:1' }],
  needs: { userns: 'none', network: true },
  run: () => import('./inspect.run.ts'),
};
