import { exclusive, namesOr } from '../../options/checks.ts';
import { filterOption } from '../../options/filter.ts';
import { allOption, containerFilters, latestOption } from '../../options/select.ts';
import { detachKeysOption, interactiveOption, sigProxyOption } from '../../options/streams.ts';
import type { Check, CommandSpec } from '../../spec.ts';

/** --filter narrows the names here; everywhere else it stands alone. */
const startNames: Check = (options, args) => namesOr('all', 'latest', ...(args.length === 0 ? ['filter'] : []))(options, args);

export const spec: CommandSpec = {
  path: ['start'],
  aliases: [['container', 'start']],
  summary: 'Start containers that were created or have ended',
  description: ['Prints the names as they were given. One that runs already is no error.'],
  args: [{ name: 'CONTAINER', rest: true, complete: { kind: 'container', state: 'stopped' } }],
  options: [
    allOption('Start all containers that do not run', undefined),
    { name: 'attach', short: 'a', kind: 'bool', help: 'Attach to the container: its output, and its input where it was made with --interactive' },
    detachKeysOption, filterOption(containerFilters), interactiveOption, latestOption, sigProxyOption('true with --attach'),
  ],
  checks: [startNames, exclusive('all', 'attach')],
  examples: [{ text: 'Start a container and see what it prints', command: 'skiff start -a web' }],
  needs: { userns: 'enter' },
  run: () => import('./start.run.ts'),
};
