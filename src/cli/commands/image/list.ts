import { imageFilterKeys } from '../../../image/filter-keys.ts';
import { filterOption } from '../../options/filter.ts';
import { formatOption, noHeadingOption, noTruncOption, quietOption, sortOption } from '../../options/format.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['images'],
  aliases: [['image', 'ls'], ['image', 'list']],
  summary: 'List images',
  description: ['With IMAGE, only those with that name; * and ? stand for parts of it.'],
  args: [{ name: 'IMAGE', complete: { kind: 'image' } }],
  options: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Show intermediate images too' },
    { name: 'digests', kind: 'bool', help: 'Show digests of manifests' },
    filterOption(imageFilterKeys),
    formatOption(),
    { name: 'history', kind: 'bool', help: 'Show the names of each image, those that it had before as well' },
    noTruncOption,
    noHeadingOption('n'),
    quietOption(),
    sortOption(['created', 'id', 'repository', 'size', 'tag'], 'created'),
  ],
  examples: [
    { text: 'Images that no name points at', command: 'skiff images --filter dangling=true' },
    { text: 'Names only', command: `skiff images --format '{{.Repository}}:{{.Tag}}'` },
  ],
  needs: { userns: 'none' },
  run: () => import('./list.run.ts'),
};
