/**
 * oci [0]: the specifications as types and parsers. Pure: no file, no process, no network. Text and bytes come in as
 * `unknown`, readonly objects go out, and every digest is checked before it can become a path or a URL.
 *
 * This file holds the image index (Docker calls it manifest list).
 *
 * @see image-spec image-index.md; distribution docs/spec/manifest-v2-2.md "Manifest List"
 */
import type { Descriptor } from './descriptor.ts';
import { parseDescriptor } from './descriptor.ts';
import type { FieldReader } from './json.ts';
import { mediaTypes } from './media-types.ts';

export interface ImageIndex {
  readonly kind: 'index';
  readonly mediaType: typeof mediaTypes.ociIndex | typeof mediaTypes.dockerList;
  readonly manifests: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
}

const maxManifests = 10_000;

/** For parseManifestOrIndex, which has settled that the document is an index and nothing else. @throws MANIFEST_INVALID, DIGEST_INVALID */
export function parseIndexFields(from: FieldReader, mediaType: string | undefined): ImageIndex {
  return {
    kind: 'index', mediaType: mediaType === mediaTypes.dockerList ? mediaTypes.dockerList : mediaTypes.ociIndex,
    manifests: from.array('manifests', maxManifests).map((value, at) => parseDescriptor(value, `index: manifest ${at}`)),
    annotations: from.optionalStringMap('annotations') ?? {},
  };
}
