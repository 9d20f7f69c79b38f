/** What every command takes that sends images away. */
import type { PushOptions } from '../../image/push/push-image.ts';
import { SkiffError } from '../../lib/errors.ts';
import type { Compression } from '../../oci/media-types.ts';
import { mediaTypes } from '../../oci/media-types.ts';
import type { Check, OptionSpec, OptionValues } from '../spec.ts';
import { registryOptions, retryOptions } from './registry.ts';

/** As archive/compress.ts has them; that file loads more than a spec may. A unit test compares the two. */
export const levelsOf: Readonly<Record<'gzip' | 'zstd', number>> = { gzip: 9, zstd: 19 };

export const digestfileOption: OptionSpec = { name: 'digestfile', kind: 'string', value: 'FILE', help: 'Write the digest of what was pushed into this file', complete: { kind: 'file' } };

/** For `push` and `manifest push`. */
export const pushOptions: readonly OptionSpec[] = [
  ...registryOptions,
  { name: 'compression-format', kind: 'string', value: 'FORMAT', oneOf: ['gzip', 'zstd', 'none'], help: 'Compress layers so (default: as they were received, else gzip)' },
  { name: 'compression-level', kind: 'int', min: 1, max: 19, value: 'LEVEL', help: 'Compress layers anew, and so much: gzip 1 to 9, zstd 1 to 19' },
  { name: 'force-compression', kind: 'bool', help: 'Send layers again that are there in another compression or level (default: true with --compression-format, --compression-level)' },
  digestfileOption,
  { name: 'format', short: 'f', kind: 'string', value: 'FORMAT', oneOf: ['oci', 'v2s2', 'docker'], help: 'Kind of manifest (default: as it was received, else oci)' },
  { name: 'quiet', short: 'q', kind: 'bool', help: 'Print no progress' },
  { name: 'remove-signatures', kind: 'bool', help: 'Send no signatures: the store has none' },
  ...retryOptions,
];

export const checkLevel: Check = (options) => {
  const level = options['compression-level'] as number | undefined;
  const format = (options['compression-format'] ?? 'gzip') as Compression;
  if (level === undefined) return;
  if (format === 'none') throw new SkiffError('USAGE', '--compression-level needs a compression');
  if (level > levelsOf[format]) throw new SkiffError('USAGE', `--compression-level: ${format} has the levels 1 to ${levelsOf[format]}`);
};

export const checkZstd: Check = (options) => {
  if (options['compression-format'] === 'zstd' && isDockerFormat(options)) throw new SkiffError('USAGE', '--compression-format zstd needs --format oci: v2s2 has no media type for it');
};

/** What they say of the images' form. */
export function readPushOptions(options: OptionValues): PushOptions {
  const compression = (options['compression-format'] as Compression | undefined) ?? (options['compress'] === true ? 'gzip' : undefined);
  return {
    compression,
    level: options['compression-level'] as number | undefined,
    force: options['force-compression'] as boolean | undefined,
    mediaType: options['format'] === undefined ? undefined : isDockerFormat(options) ? mediaTypes.dockerManifest : mediaTypes.ociManifest,
  };
}

function isDockerFormat(options: OptionValues): boolean {
  return options['format'] === 'v2s2' || options['format'] === 'docker';
}
