/** Images as registries hold them, made by code: exact manifest bytes, blobs, and indexes of several. */
import { gzipSync } from 'node:zlib';
import { descriptor, makeImage, ociTypes, sha256 } from './make-archive.ts';

export interface MadeImage {
  /** The manifest's or the index's bytes. */
  readonly raw: Buffer;
  readonly mediaType: string;
  readonly digest: string;
  /** Config's digest: the imageID. Empty for an index. */
  readonly imageID: string;
  /** Layers base first, then the config; none for an index. */
  readonly blobs: readonly Buffer[];
  /** Images of an index. */
  readonly children: readonly MadeImage[];
}

export const dockerTypes = {
  manifest: 'application/vnd.docker.distribution.manifest.v2+json', list: 'application/vnd.docker.distribution.manifest.list.v2+json',
  config: 'application/vnd.docker.container.image.v1+json', gzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
};

export interface MadeImageOptions {
  /** Docker schema 2 instead of OCI. */
  docker?: boolean;
  /** How a layer travels: its bytes and media type. Default: gzip. */
  pack?: (tar: Buffer) => { bytes: Buffer; mediaType: string };
  /** Bends the config, e.g. its architecture. */
  config?: (config: Record<string, unknown>) => Record<string, unknown>;
  /** Bends the manifest. */
  manifest?: (manifest: Record<string, unknown>) => Record<string, unknown>;
}

/** An image of these uncompressed layer tars, base first. */
export function madeImage(tars: readonly Buffer[], options: MadeImageOptions = {}): MadeImage {
  const types = options.docker === true ? dockerTypes : ociTypes;
  const pack = options.pack ?? ((tar: Buffer) => ({ bytes: gzipSync(tar), mediaType: types.gzip }));
  const parts = makeImage([...tars], options.config);
  const layers = tars.map(pack);
  const document = {
    schemaVersion: 2, mediaType: types.manifest, config: descriptor(types.config, parts.config),
    layers: layers.map(({ bytes, mediaType }) => descriptor(mediaType, bytes)),
  };
  const raw = Buffer.from(JSON.stringify(options.manifest?.(document) ?? document));
  return { raw, mediaType: types.manifest, digest: `sha256:${sha256(raw)}`, imageID: parts.imageID, blobs: [...layers.map(({ bytes }) => bytes), parts.config], children: [] };
}

/** An index of images by platform (`linux/arm64/v8`). */
export function madeIndex(images: readonly { image: MadeImage; platform: string }[], options: { docker?: boolean; index?: (index: Record<string, unknown>) => Record<string, unknown> } = {}): MadeImage {
  const mediaType = options.docker === true ? dockerTypes.list : ociTypes.index;
  const document = {
    schemaVersion: 2, mediaType,
    manifests: images.map(({ image, platform }) => {
      const [os, architecture, variant] = platform.split('/');
      return { ...descriptor(image.mediaType, image.raw), platform: { architecture, os, ...(variant !== undefined && { variant }) } };
    }),
  };
  const raw = Buffer.from(JSON.stringify(options.index?.(document) ?? document));
  return { raw, mediaType, digest: `sha256:${sha256(raw)}`, imageID: '', blobs: [], children: images.map(({ image }) => image) };
}
