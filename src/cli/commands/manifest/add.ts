import { registryOptions } from '../../options/registry.ts';
import type { CommandSpec } from '../../spec.ts';
import { memberOptions } from './_member-options.ts';

export const spec: CommandSpec = {
  path: ['manifest', 'add'],
  summary: 'Add images to a manifest list',
  description: ['IMAGE is an image of the store, a name in a registry, or a place: docker://, oci:, oci-archive:, docker-archive:, dir:. Prints the list\'s id.', 'Of an IMAGE that is a list itself the one for --os, --arch and --variant is added, by default this machine\'s.'],
  args: [{ name: 'LIST', required: true }, { name: 'IMAGE', required: true, rest: true, complete: { kind: 'image' } }],
  options: [{ name: 'all', kind: 'bool', help: 'Add all images of an IMAGE that is a list itself' }, ...memberOptions, ...registryOptions],
  examples: [{ text: 'An image of the store', command: 'skiff manifest add app:1 app:1-arm --variant v7' }, { text: 'From a registry', command: 'skiff manifest add --all app:1 docker://registry.example.com/app:1' }],
  needs: { userns: 'none', network: true },
  run: () => import('./add.run.ts'),
};
