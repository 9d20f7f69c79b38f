import { registryOptions } from '../../options/registry.ts';
import { requires } from '../../options/checks.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['system', 'check'],
  summary: 'Check that the store of images is whole',
  description: [
    'Looks for layers that lack a file, have a changed one or one too many, wrong owners and modes, short names and lower layers that lead elsewhere, configs with another digest, names that point at nothing. Other commands may work all the while.',
    'What killed commands have left, and layers that nothing refers to for longer than --max says, are told as leftovers: they take room and are no damage.',
    'With --repair, what the store itself tells is put right and damaged layers are fetched again, each alone, from where the image came from. Leftovers are taken away. An image that is lost, because no registry has what it needs, is named, and stays; --force removes it, with its containers, where none of them runs. One that is in use, or whose registry does not answer or wants a login, is not lost.',
    'Exit code 0 where nothing is damaged, or not any more; 125 where damage was found and is still there.',
  ],
  options: [
    { name: 'force', short: 'f', kind: 'bool', help: 'With --repair, remove images that are lost, and containers of theirs that do not run' },
    { name: 'max', short: 'm', kind: 'duration', min: 0, value: 'DURATION', help: 'How old a layer that nothing refers to has to be to count as a leftover', default: '24h' },
    { name: 'quick', short: 'q', kind: 'bool', help: 'Do not read the files of the layers' },
    { name: 'repair', short: 'r', kind: 'bool', help: 'Mend what can be mended' },
    ...registryOptions,
  ],
  checks: [requires('force', 'repair')],
  examples: [
    { text: 'A look that takes a moment', command: 'skiff system check --quick' },
    { text: 'After the disk was full of errors', command: 'skiff system check --repair' },
  ],
  needs: { userns: 'enter', network: true },
  run: () => import('./check.run.ts'),
};
