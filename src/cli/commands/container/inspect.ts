import { isGiven, latestAlone } from '../../options/checks.ts';
import { formatOption } from '../../options/format.ts';
import { latestOption } from '../../options/select.ts';
import { SkiffError } from '../../../lib/errors.ts';
import type { Check, CommandSpec } from '../../spec.ts';

const notOfImages: Check = (options) => {
  const wrong = options['type'] === 'image' ? ['latest', 'size'].find((name) => isGiven(options, name)) : undefined;
  if (wrong !== undefined) throw new SkiffError('USAGE', `${wrong} is not supported for type "image"`);
};

export const spec: CommandSpec = {
  path: ['inspect'],
  summary: 'Show everything known about containers and images',
  description: ['A name that is both a container\'s and an image\'s means the container, unless --type says otherwise.'],
  args: [{ name: 'NAME', rest: true, complete: { kind: 'container', state: 'all' } }],
  options: [
    formatOption('Print by a Go template instead of as JSON', 'f'), latestOption,
    { name: 'size', short: 's', kind: 'bool', help: 'Show the sizes of the files' },
    { name: 'type', short: 't', kind: 'string', value: 'TYPE', help: 'Look only for this kind of object', oneOf: ['all', 'container', 'image'], default: 'all' },
  ],
  checks: [latestAlone('arguments'), notOfImages],
  examples: [{ text: 'The exit code of a container', command: `skiff inspect --format '{{.State.ExitCode}}' job` }],
  needs: { userns: 'none' },
  run: () => import('./inspect.run.ts'),
};
