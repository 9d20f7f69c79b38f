import { registryOptions } from '../../options/registry.ts';
import { requires } from '../../options/checks.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['system', 'check'],
  summary: 'Check that the store of images is whole',
  description: [
    'Looks for layers that lack a file, have a changed one or one too many, wrong owners and modes, short names and lower layers that lead elsewhere, configs with another digest, names that point at nothing, and what killed commands have left. Other commands may work all the while.',
    'With --repair, what the store itself tells is put right and damaged layers are fetched again, each alone, from where the image came from. An image that can be mended by neither is named, and stays; --force removes it, with its containers.',
    'Exit code 0 where all is well, or is well again; 125 where damage was found and is still there.',
  ],
  options: [
    { name: 'force', short: 'f', kind: 'bool', help: 'With --repair, remove images that are lost, and containers that use them' },
    { name: 'max', short: 'm', kind: 'duration', min: 0, value: 'DURATION', help: 'Take layers that nothing refers to for damage when they are older than this', default: '24h' },
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
