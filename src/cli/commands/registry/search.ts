import { formatOption, noTruncOption } from '../../options/format.ts';
import { filterOption } from '../../options/filter.ts';
import { registryOptions } from '../../options/registry.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['search'],
  aliases: [['image', 'search']],
  summary: 'Search registries for images',
  description: [
    'TERM may begin with a registry; else those of unqualified-search-registries in registries.conf are asked, else docker.io. "registry.example/" alone lists all that is there.',
    'Many registries have no search of their own: then their catalogue is gone through for names that hold TERM.',
    'With --list-tags TERM is the name of one repository.',
  ],
  args: [{ name: 'TERM', required: true }],
  options: [
    { name: 'compatible', kind: 'bool', help: 'Show stars, official and automated, as Docker does' },
    filterOption(['is-automated', 'is-official', 'stars']),
    formatOption(),
    { name: 'limit', kind: 'int', min: 0, max: 10_000, value: 'NUMBER', help: 'At most so many of each registry; 0 is the default', default: '25' },
    { name: 'list-tags', kind: 'bool', help: 'List the tags of a repository' },
    noTruncOption,
    ...registryOptions,
  ],
  examples: [
    { text: 'Official images alone', command: 'skiff search --filter is-official --limit 3 alpine' },
    { text: 'The tags of an image', command: 'skiff search --list-tags --limit 100 quay.io/podman/stable' },
  ],
  needs: { userns: 'none', network: true },
  run: () => import('./search.run.ts'),
};
