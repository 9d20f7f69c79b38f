/**
 * Descriptors: what points from one document to the next.
 *
 * @see image-spec descriptor.md
 */
import { SkiffError } from '../lib/errors.ts';
import type { Digest } from './ids.ts';
import { parseDigest } from './ids.ts';
import { FieldReader } from './json.ts';
import type { Platform } from './platform.ts';
import { platformOf } from './platform.ts';

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes of the blob as stored or transferred. */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: Platform;
  readonly artifactType?: string;
  /** Places outside the registry ("foreign layers"). Kept to be written again; never fetched with credentials. */
  readonly urls?: readonly string[];
}

const mediaTypePattern = /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/;
const fields = ['mediaType', 'digest', 'size', 'annotations', 'platform', 'artifactType', 'urls', 'data'];

/** @throws MANIFEST_INVALID, DIGEST_INVALID; both name `what` */
export function parseDescriptor(value: unknown, what: string): Descriptor {
  const from = new FieldReader(value, what, 'MANIFEST_INVALID');
  from.refuseCaseVariants(fields);
  const mediaType = parseMediaType(from.string('mediaType'), what);
  const size = from.optionalInteger('size');
  if (size === undefined || size < 0) throw from.fail('size', 'a whole number of bytes');
  const annotations = from.optionalStringMap('annotations');
  const platform = from.optionalObject('platform');
  const artifactType = from.optionalString('artifactType');
  const urls = from.optionalStrings('urls', 100);
  return {
    mediaType, digest: digestField(from), size,
    ...(annotations !== undefined && { annotations }),
    ...(platform !== undefined && { platform: platformOf(platform) }),
    ...(artifactType !== undefined && artifactType !== '' && { artifactType }),
    ...(urls !== undefined && { urls }),
  };
}

function digestField(from: FieldReader): Digest {
  try {
    return parseDigest(from.value('digest'));
  } catch (cause) {
    throw new SkiffError('DIGEST_INVALID', `${from.what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** @throws MANIFEST_INVALID */
export function parseMediaType(text: string, what: string): string {
  if (!mediaTypePattern.test(text)) throw new SkiffError('MANIFEST_INVALID', `${what}: invalid media type ${JSON.stringify(text.slice(0, 100))}`);
  return text;
}
