import { exclusive } from '../../options/checks.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['save'],
  aliases: [['image', 'save']],
  summary: 'Save images to an archive',
  description: [
    'Config and layers come out with the bytes that went in, so digests survive.',
    'Further names are tags that the image gets in the archive; with --multi-image-archive they are images of their own.',
    'Layers of oci-archive and folders are compressed as they were received, with gzip where that is not known.',
  ],
  args: [{ name: 'IMAGE', required: true, rest: true, complete: { kind: 'image' } }],
  options: [
    { name: 'output', short: 'o', kind: 'string', value: 'FILE', help: 'Write here instead of standard output', complete: { kind: 'file' } },
    {
      name: 'format', kind: 'string', value: 'FORMAT', help: 'Kind of archive', default: 'docker-archive',
      oneOf: ['docker-archive', 'oci-archive', 'oci-dir', 'docker-dir'],
    },
    { name: 'multi-image-archive', short: 'm', kind: 'bool', help: 'Take further names as images, not as tags' },
    {
      name: 'compression-format', kind: 'string', value: 'FORMAT', oneOf: ['none', 'gzip', 'zstd'],
      help: 'Compress the whole docker-archive, or each layer of the other formats',
    },
    { name: 'compress', kind: 'bool', help: 'Compress layers with gzip (docker-dir only)' },
    { name: 'uncompressed', kind: 'bool', help: 'Leave layers uncompressed (docker-archive always does)' },
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Print no progress' },
  ],
  checks: [exclusive('compress', 'uncompressed'), exclusive('compress', 'compression-format'), exclusive('uncompressed', 'compression-format')],
  examples: [
    { text: 'To a file', command: 'skiff save -o app.tar app:1' },
    { text: 'Compressed, to another machine', command: 'skiff save --compression-format zstd app:1 | ssh host skiff load' },
  ],
  needs: { userns: 'enter' },
  run: () => import('./save.run.ts'),
};
