import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['version'],
  summary: 'Print the version',
  options: [{ name: 'format', short: 'f', kind: 'string', value: 'FORMAT', help: 'Print as "json" or by a Go template' }],
  examples: [{ text: 'The number alone', command: `skiff version --format '{{.Client.Version}}'` }],
  needs: { userns: 'none' },
  run: () => import('./version.run.ts'),
};
