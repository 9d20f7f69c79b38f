import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['load'],
  aliases: [['image', 'load']],
  summary: 'Load images from an archive',
  description: [
    'Reads what "save" of skiff, Podman and Docker write: docker-archive and oci-archive, plain or compressed with gzip or zstd, or with xz or bzip2 where the machine has these programs, and folders (oci-dir, docker-dir).',
    'FILE may also be an http or https address, or begin with docker-archive:, oci-archive:, oci: or dir: as elsewhere. --input may be given several times.',
    'Either everything in an archive is loaded or nothing.',
  ],
  options: [
    { name: 'input', short: 'i', kind: 'list', value: 'FILE', help: 'Read this archive or folder instead of standard input', complete: { kind: 'file' } },
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Print no progress' },
  ],
  examples: [
    { text: 'From a file', command: 'skiff load -i image.tar' },
    { text: 'From another machine', command: 'ssh host docker save app:1 | skiff load' },
  ],
  needs: { userns: 'enter', network: true },
  run: () => import('./load.run.ts'),
};
