/** What is mounted into a container. */
import type { OptionSpec } from '../spec.ts';

export const mountOptions: readonly OptionSpec[] = [
  { name: 'volume', short: 'v', kind: 'list', value: '[SOURCE:]DIR[:OPTIONS]', help: 'Mount a host path or a volume', complete: { kind: 'file' } },
  { name: 'mount', kind: 'list', value: 'KEY=VALUE,...', help: 'Mount: type=bind|volume|tmpfs, source, destination and options', complete: { kind: 'choice', words: ['type=bind,', 'type=tmpfs,', 'type=volume,'] } },
  { name: 'tmpfs', kind: 'list', value: 'DIR[:OPTIONS]', help: 'Mount an empty tmpfs' },
  { name: 'volumes-from', kind: 'list', value: 'CONTAINER[:OPTIONS]', help: 'Mount the volumes of another container', complete: { kind: 'container', state: 'all' } },
  { name: 'image-volume', kind: 'string', value: 'MODE', help: "What becomes of the image's own volumes", oneOf: ['anonymous', 'bind', 'tmpfs', 'ignore'], default: 'anonymous' },
  { name: 'read-only', kind: 'bool', help: 'Make the root filesystem read-only' },
  { name: 'read-only-tmpfs', kind: 'bool', help: 'With --read-only, mount a writable tmpfs on /run, /tmp and /var/tmp', default: 'true' },
  { name: 'shm-size', kind: 'bytes', value: 'SIZE', help: 'Size of /dev/shm', default: '64m' },
];
