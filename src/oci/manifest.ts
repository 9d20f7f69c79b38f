/**
 * Image manifests, OCI's and Docker's schema 2, kept with their raw bytes (their digest depends on them), and the one
 * gate that tells manifests from indexes.
 *
 * A document that could be read as both is refused, whatever its media type says: two readers that disagree about what one
 * digest means is how a signature on the harmless reading covers the harmful one (CVE-2021-41190).
 *
 * @see image-spec manifest.md; distribution docs/spec/manifest-v2-2.md
 */
import { SkiffError } from '../lib/errors.ts';
import type { Descriptor } from './descriptor.ts';
import { parseDescriptor, parseMediaType } from './descriptor.ts';
import type { Digest } from './ids.ts';
import { digestOf } from './ids.ts';
import type { ImageIndex } from './index.ts';
import { parseIndexFields } from './index.ts';
import { FieldReader, parseJson } from './json.ts';
import { isIndexMediaType, isManifestMediaType, layerCompressionOf, mediaTypes } from './media-types.ts';

export interface Manifest {
  readonly kind: 'manifest';
  readonly mediaType: typeof mediaTypes.ociManifest | typeof mediaTypes.dockerManifest;
  readonly config: Descriptor;
  /** Base layer first. */
  readonly layers: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly artifactType?: string;
  readonly subject?: Descriptor;
}

/** A document and the exact bytes it was read from. */
export interface Raw<T> {
  readonly raw: Uint8Array;
  /** sha256 of raw. */
  readonly digest: Digest;
  readonly value: T;
}

/** What servers of plain files and old archives call any document: it says nothing, where "text/html" says that this is none. */
const genericTypes: ReadonlySet<string> = new Set(['', 'application/json', 'application/octet-stream', 'binary/octet-stream', 'text/plain']);

/** As registries bound it. */
export const maxManifestBytes = 4 * 1024 * 1024;
export const maxLayers = 1024;
const fields = ['schemaVersion', 'mediaType', 'config', 'layers', 'manifests', 'annotations', 'subject', 'artifactType', 'fsLayers', 'history'];

/**
 * Reads a manifest or an index. `contentType` is what the carrier said (an HTTP header, a descriptor): where the document
 * names its own media type the two must agree.
 * @throws MANIFEST_INVALID, DIGEST_INVALID
 */
export function parseManifestOrIndex(raw: Uint8Array, contentType?: string): Raw<Manifest | ImageIndex> {
  const from = new FieldReader(parseJson(raw, { what: 'manifest', code: 'MANIFEST_INVALID', maxBytes: maxManifestBytes }), 'manifest', 'MANIFEST_INVALID');
  from.refuseCaseVariants(fields);
  if (from.has('fsLayers') || from.value('schemaVersion') === 1) {
    throw new SkiffError('MANIFEST_INVALID', 'manifest has the withdrawn schema version 1', { hint: 'push the image again with a current tool' });
  }
  if (from.value('schemaVersion') !== 2) throw from.fail('schemaVersion', '2');
  const isImage = from.has('config') || from.has('layers');
  const isIndex = from.has('manifests');
  if (isImage && isIndex) throw new SkiffError('MANIFEST_INVALID', 'manifest is ambiguous: it has the fields of an image and of an index');
  if (!isImage && !isIndex) throw new SkiffError('MANIFEST_INVALID', 'manifest has neither "config" and "layers" nor "manifests"');
  const mediaType = agreedMediaType(from, contentType);
  if (mediaType !== undefined && isIndex !== isIndexMediaType(mediaType)) {
    throw new SkiffError('MANIFEST_INVALID', `manifest is ambiguous: media type ${mediaType} with the fields of an ${isIndex ? 'index' : 'image'}`);
  }
  const value = isIndex ? parseIndexFields(from, mediaType) : parseManifestFields(from, mediaType);
  return { raw, digest: digestOf(raw), value };
}

/** @throws MANIFEST_INVALID where it is an index */
export function parseManifest(raw: Uint8Array, contentType?: string): Raw<Manifest> {
  const parsed = parseManifestOrIndex(raw, contentType);
  if (parsed.value.kind !== 'manifest') throw new SkiffError('MANIFEST_INVALID', 'expected an image manifest, found an index');
  return { ...parsed, value: parsed.value };
}

/** The media type of the document: its own field and the carrier's word, which must not differ. */
function agreedMediaType(from: FieldReader, contentType: string | undefined): string | undefined {
  const own = from.optionalString('mediaType');
  const carried = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  const meaningful = isManifestMediaType(carried) || isIndexMediaType(carried) ? carried : undefined;
  if (meaningful === undefined && !genericTypes.has(carried)) throw new SkiffError('MANIFEST_INVALID', `manifest was delivered as ${JSON.stringify(carried.slice(0, 100))}, not as a manifest or an index`);
  if (own === undefined || own === '') return meaningful;
  parseMediaType(own, 'manifest');
  if (!isManifestMediaType(own) && !isIndexMediaType(own)) throw new SkiffError('MANIFEST_INVALID', `manifest has unknown media type ${own}`);
  if (meaningful !== undefined && meaningful !== own) throw new SkiffError('MANIFEST_INVALID', `manifest says it is ${own}, but was delivered as ${meaningful}`);
  return own;
}

function parseManifestFields(from: FieldReader, mediaType: string | undefined): Manifest {
  const config = parseDescriptor(from.value('config'), 'manifest: config');
  const layers = (from.optionalArray('layers', maxLayers) ?? []).map((value, at) => parseDescriptor(value, `manifest: layer ${at}`));
  const artifactType = from.optionalString('artifactType');
  const subject = from.value('subject');
  const isDocker = mediaType === mediaTypes.dockerManifest || (mediaType === undefined && config.mediaType === mediaTypes.dockerConfig);
  return {
    kind: 'manifest', mediaType: isDocker ? mediaTypes.dockerManifest : mediaTypes.ociManifest, config, layers,
    annotations: from.optionalStringMap('annotations') ?? {},
    ...(artifactType !== undefined && artifactType !== '' && { artifactType }),
    ...(subject !== undefined && { subject: parseDescriptor(subject, 'manifest: subject') }),
  };
}

/** Refuses manifests of something else than a container image (charts, signatures, attestations). @throws MANIFEST_INVALID */
export function requireImageManifest(manifest: Manifest): void {
  const { mediaType } = manifest.config;
  if (mediaType !== mediaTypes.ociConfig && mediaType !== mediaTypes.dockerConfig) {
    throw new SkiffError('MANIFEST_INVALID', `not a container image: its config is ${mediaType}`);
  }
  const odd = manifest.layers.find((layer) => layerCompressionOf(layer.mediaType) === undefined);
  if (odd !== undefined) throw new SkiffError('MANIFEST_INVALID', `layer ${odd.digest} has unsupported media type ${odd.mediaType}`);
}

/** Writes a manifest in the order of keys that Go tools use, so that equal images give equal bytes everywhere. */
export function serializeManifest(manifest: Omit<Manifest, 'kind'>): Buffer {
  const { mediaType, config, layers, annotations, artifactType, subject } = manifest;
  return Buffer.from(JSON.stringify({
    schemaVersion: 2, mediaType, ...(artifactType !== undefined && { artifactType }),
    config: plainDescriptor(config), layers: layers.map(plainDescriptor), ...(subject !== undefined && { subject: plainDescriptor(subject) }),
    ...(Object.keys(annotations).length > 0 && { annotations }),
  }));
}

/** A descriptor as plain JSON, keys in the specification's order. */
export function plainDescriptor(descriptor: Descriptor): object {
  const { mediaType, digest, size, urls, annotations, platform, artifactType } = descriptor;
  return {
    mediaType, digest, size, ...(urls !== undefined && { urls }), ...(annotations !== undefined && { annotations }),
    ...(platform !== undefined && {
      platform: {
        architecture: platform.architecture, os: platform.os,
        ...(platform.osVersion !== undefined && { 'os.version': platform.osVersion }), ...(platform.variant !== undefined && { variant: platform.variant }),
      },
    }),
    ...(artifactType !== undefined && { artifactType }),
  };
}
