import { checkLevel, checkZstd, pushOptions } from '../../options/push.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['manifest', 'push'],
  summary: 'Send a manifest list and its images to a registry, or to a folder or archive',
  description: [
    'Without DESTINATION the list goes to the registry that its name says. Else DESTINATION is a name, or a place: docker://REGISTRY/NAME[:TAG], oci:FOLDER[:NAME], oci-archive:FILE[:NAME], dir:FOLDER.',
    'Images of other registries are copied as they are; what the destination has is not sent.',
  ],
  args: [{ name: 'LIST', required: true }, { name: 'DESTINATION' }],
  options: [
    { name: 'all', kind: 'bool', help: 'Send the images as well, not the list alone', default: 'true' },
    ...pushOptions,
    { name: 'rm', short: 'p', aliases: ['purge'], kind: 'bool', help: 'Remove the list when it has been pushed' },
    { name: 'insecure', kind: 'bool', help: 'Docker\'s: accept a registry whose certificate can\'t be verified', hidden: true },
  ],
  checks: [checkLevel, checkZstd],
  examples: [{ text: 'And forget it', command: 'skiff manifest push --rm app:1 docker://registry.example.com/team/app:1' }],
  needs: { userns: 'enter', network: true },
  run: () => import('./push.run.ts'),
};
