/**
 * The media types of images, in OCI's and Docker's spelling, and what they say about a layer.
 *
 * @see image-spec media-types.md; distribution docs/spec/manifest-v2-2.md
 */

export const mediaTypes = {
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  ociLayer: 'application/vnd.oci.image.layer.v1.tar',
  ociLayerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  ociLayerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar',
  dockerLayerGzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  dockerForeignLayerGzip: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
} as const;

export type Compression = 'none' | 'gzip' | 'zstd';

const layerCompression: ReadonlyMap<string, Compression> = new Map([
  [mediaTypes.ociLayer, 'none'], [mediaTypes.ociLayerGzip, 'gzip'], [mediaTypes.ociLayerZstd, 'zstd'],
  ['application/vnd.oci.image.layer.nondistributable.v1.tar', 'none'],
  ['application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', 'gzip'],
  ['application/vnd.oci.image.layer.nondistributable.v1.tar+zstd', 'zstd'],
  [mediaTypes.dockerLayer, 'none'], [mediaTypes.dockerLayerGzip, 'gzip'], ['application/vnd.docker.image.rootfs.diff.tar.zstd', 'zstd'],
  ['application/vnd.docker.image.rootfs.foreign.diff.tar', 'none'], [mediaTypes.dockerForeignLayerGzip, 'gzip'],
]);

/** How the media type says a layer is compressed; undefined where it is no layer of a root filesystem. */
export function layerCompressionOf(mediaType: string): Compression | undefined {
  return layerCompression.get(mediaType);
}

/** The media type of a layer, in the spelling of the manifest that it stands in. */
export function layerMediaTypeOf(manifestType: string, compression: Compression): string {
  const isDocker = manifestType === mediaTypes.dockerManifest;
  switch (compression) {
    case 'none': return isDocker ? mediaTypes.dockerLayer : mediaTypes.ociLayer;
    case 'gzip': return isDocker ? mediaTypes.dockerLayerGzip : mediaTypes.ociLayerGzip;
    // Docker's own spelling was never taken up by its tools; this one every tool that knows zstd reads in either manifest.
    case 'zstd': return mediaTypes.ociLayerZstd;
  }
}

export function isConfigMediaType(mediaType: string): boolean {
  return mediaType === mediaTypes.ociConfig || mediaType === mediaTypes.dockerConfig;
}
export function isManifestMediaType(mediaType: string): boolean {
  return mediaType === mediaTypes.ociManifest || mediaType === mediaTypes.dockerManifest;
}
export function isIndexMediaType(mediaType: string): boolean {
  return mediaType === mediaTypes.ociIndex || mediaType === mediaTypes.dockerList;
}
