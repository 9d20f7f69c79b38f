import { registryOptions } from '../../options/registry.ts';
import type { CommandSpec } from '../../spec.ts';
import { annotationOption } from './_member-options.ts';

export const spec: CommandSpec = {
  path: ['manifest', 'create'],
  summary: 'Make a manifest list',
  description: [
    'A list is one name for images of several platforms. It lies in the store, with nothing but references to its images, until it is pushed. Prints its id.',
    'IMAGE is an image of the store, a name in a registry, or a place: docker://, oci:, oci-archive:, docker-archive:, dir:.',
  ],
  args: [{ name: 'LIST', required: true }, { name: 'IMAGE', rest: true, complete: { kind: 'image' } }],
  options: [
    { name: 'all', kind: 'bool', help: 'Add all images of an IMAGE that is a list itself' },
    { name: 'amend', short: 'a', kind: 'bool', help: 'Add to a list of that name, where there is one' },
    { ...annotationOption, help: 'Annotate the list' },
    ...registryOptions,
    { name: 'insecure', kind: 'bool', help: 'Docker\'s: accept a registry whose certificate can\'t be verified', hidden: true },
  ],
  examples: [{ text: 'Two images under one name', command: 'skiff manifest create app:1 app:1-amd64 app:1-arm64' }],
  needs: { userns: 'none', network: true },
  run: () => import('./create.run.ts'),
};
