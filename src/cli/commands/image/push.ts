import { checkLevel, checkZstd, pushOptions } from '../../options/push.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['push'],
  aliases: [['image', 'push']],
  summary: 'Send an image to a registry, or to a folder or archive',
  description: [
    'Without DESTINATION the image goes to the registry that its name says. Else DESTINATION is a name, or a place: docker://REGISTRY/NAME[:TAG], oci:FOLDER[:NAME], oci-archive:FILE[:NAME], '
    + 'docker-archive:FILE[:NAME], dir:FOLDER, docker-daemon:NAME:TAG.',
    'Layers that the registry has are not sent: not those in the repository, and not those that it can take over from another one. What was pulled keeps its digest as long as all layers do.',
    'A manifest list is sent with its images, as "manifest push" does it.',
  ],
  args: [{ name: 'IMAGE', required: true, complete: { kind: 'image' } }, { name: 'DESTINATION' }],
  options: [
    ...pushOptions,
    { name: 'compress', kind: 'bool', help: 'Compress layers with gzip (dir:)' },
    { name: 'disable-content-trust', kind: 'bool', help: 'Docker\'s; without effect', hidden: true },
  ],
  checks: [checkLevel, checkZstd],
  examples: [
    { text: 'To the registry in its name', command: 'skiff push registry.example.com/team/app:1' },
    { text: 'Under another name, smaller', command: 'skiff push --compression-format zstd app:1 registry.example.com/team/app:2' },
    { text: 'Into a file for another machine', command: 'skiff push app:1 oci-archive:app.tar' },
  ],
  needs: { userns: 'enter', network: true },
  run: () => import('./push.run.ts'),
};
