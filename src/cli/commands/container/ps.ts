import { exclusive } from '../../options/checks.ts';
import { filterOption } from '../../options/filter.ts';
import { formatOption, noHeadingOption, noTruncOption, quietOption, sortOption } from '../../options/format.ts';
import { containerFilters } from '../../options/select.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['ps'],
  aliases: [['container', 'ps'], ['container', 'ls'], ['container', 'list']],
  summary: 'List containers',
  description: [
    'Shows running containers; with --all those that were created or have ended too.',
    'In templates .State is one word (created, running, paused, exited) and .Status tells since when; .Created is the time, .CreatedHuman how long ago that was.',
  ],
  options: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Show all containers, not only running ones' },
    filterOption(containerFilters), formatOption(),
    { name: 'last', short: 'n', kind: 'int', min: -1, value: 'NUMBER', help: 'Show the last created ones, whatever they do' },
    { name: 'latest', short: 'l', kind: 'bool', help: 'Show the last created one' },
    { name: 'namespace', aliases: ['ns'], kind: 'bool', help: 'Show the namespaces' },
    noHeadingOption(), noTruncOption, quietOption(),
    { name: 'size', short: 's', kind: 'bool', help: 'Show the sizes of the files' },
    sortOption(['command', 'created', 'id', 'image', 'names', 'runningfor', 'size', 'status'], 'created'),
    { name: 'sync', kind: 'bool', help: 'Taken for the sake of scripts: the state is always asked for', hidden: true },
    { name: 'external', kind: 'bool', help: 'Taken for the sake of scripts: the store holds no other containers', hidden: true },
    { name: 'watch', short: 'w', kind: 'int', min: 1, value: 'SECONDS', help: 'Print again and again' },
  ],
  checks: [exclusive('quiet', 'size'), exclusive('quiet', 'namespace'), exclusive('namespace', 'size'), exclusive('last', 'latest')],
  examples: [
    { text: 'Names of all containers that failed', command: `skiff ps -a --filter status=exited --format '{{.Names}} {{.Status}}'` },
  ],
  needs: { userns: 'none' },
  run: () => import('./ps.run.ts'),
};
