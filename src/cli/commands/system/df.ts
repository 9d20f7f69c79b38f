import { formatOption } from '../../options/format.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['system', 'df'],
  summary: 'Show how much disk images, containers and volumes take',
  description: [
    'Counts blocks on the disk, as du(1) does, and each layer once: the sizes of `images` are lengths of files. A container takes its own layer, its record and its log. What pulls that are under way, or were cut, have downloaded and unpacked is a line of its own, where there is any.',
    'Reclaimable is what `system prune --all --volumes` would free: images that no container has, containers that do not run, volumes that no container has, what pulls that were cut have left.',
  ],
  options: [
    formatOption(),
    { name: 'verbose', short: 'v', kind: 'bool', help: 'Show every image, container and volume' },
  ],
  examples: [{ text: 'For a script', command: `skiff system df --format '{{.Type}} {{.RawSize}}'` }],
  needs: { userns: 'enter' },
  run: () => import('./df.run.ts'),
};
