import { formatOption } from '../../options/format.ts';
import { registryOptions } from '../../options/registry.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['image', 'inspect'],
  summary: 'Show everything known about images',
  description: [
    'IMAGE is a name or an id, or a place: docker://REGISTRY/NAME[:TAG], docker-archive:FILE[:NAME], oci:FOLDER[:NAME], oci-archive:FILE[:NAME], dir:FOLDER. '
    + 'Of an image in such a place no layer is fetched: its size is that of the layers as they lie there, and where they would lie in the store is not shown.',
  ],
  args: [{ name: 'IMAGE', required: true, rest: true, complete: { kind: 'image' } }],
  options: [formatOption('Print by a Go template instead of as JSON', 'f'), ...registryOptions],
  examples: [{ text: 'The environment that containers get', command: `skiff image inspect --format '{{.Config.Env}}' app:1` }, { text: 'What a registry has', command: 'skiff image inspect docker://docker.io/library/nginx' }],
  needs: { userns: 'none', network: true },
  run: () => import('./inspect.run.ts'),
};
