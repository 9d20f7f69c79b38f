/**
 * An image of a docker-archive in a list. It has no manifest there: the list knows it by the one that skopeo and Podman make of it, and it is
 * sent as an image is that came without one: in gzip, by a manifest of its own.
 */
import { SkiffError, wrap } from '../../lib/errors.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { checkDigest } from '../../oci/digest.ts';
import type { Digest, DiffID } from '../../oci/ids.ts';
import { digestOf, parseDigest } from '../../oci/ids.ts';
import { serializeManifest } from '../../oci/manifest.ts';
import { layerMediaTypeOf, mediaTypes } from '../../oci/media-types.ts';
import { compressionOf } from '../../storage/unpack/source.ts';
import { wholeBlob } from '../archive/blob-targets.ts';
import { compressed } from '../archive/compress.ts';
import { manifestOfArchive, readDockerArchive } from '../archive/docker-archive.ts';
import type { ArchiveFiles } from '../archive/files.ts';
import type { LayerBlob, OfferedImage } from '../index.ts';
import type { PushOptions, PushedImage } from '../push/push-image.ts';
import type { ImageTarget } from '../push/target.ts';

/** @throws UNSUPPORTED where its layers are compressed: only unpacking them would tell their sizes */
export function archivedManifest({ id, rawConfig, layers }: OfferedImage): Buffer {
  const plain = layers.every((layer) => compressionOf(layer.head()) === 'none');
  if (!plain) throw new SkiffError('UNSUPPORTED', 'the layers of the archive are compressed', { hint: 'load it into the store first' });
  return manifestOfArchive(parseDigest(id), rawConfig.length, layers.map(({ diffID, sizeBytes }) => ({ digest: parseDigest(diffID), size: sizeBytes })));
}

/** The image that the list means. @throws MANIFEST_UNKNOWN where the archive was replaced meanwhile */
export function archivedImage(files: ArchiveFiles, digest: Digest): OfferedImage {
  const image = readDockerArchive(files).find((one) => digestOf(archivedManifest(one)) === digest);
  if (image === undefined) throw new SkiffError('MANIFEST_UNKNOWN', 'the image is not in the archive any more');
  return image;
}

/** @throws DIGEST_MISMATCH, REGISTRY_FAILED … */
export async function pushArchived({ id, rawConfig, layers }: OfferedImage, target: ImageTarget, options: PushOptions): Promise<PushedImage> {
  const { compression = 'gzip', listener = {} } = options;
  const mediaType = options.mediaType ?? (compression === 'zstd' ? mediaTypes.ociManifest : mediaTypes.dockerManifest);
  const sent = new Map<DiffID, Descriptor>();
  for (const layer of layers) {
    if (sent.has(layer.diffID)) continue;
    listener.sending?.(layer.diffID, undefined);
    const source = { open: () => compressed(checked(layer, options.signal), compression, options.level) };
    const { digest, sizeBytes } = await target.putBlob(source, (count) => listener.bytes?.(layer.diffID, count));
    listener.layer?.(layer.diffID, { kind: 'sent', sizeBytes });
    sent.set(layer.diffID, { mediaType: layerMediaTypeOf(mediaType, compression), digest, size: sizeBytes });
  }
  const config: Descriptor = { mediaType: mediaType === mediaTypes.ociManifest ? mediaTypes.ociConfig : mediaTypes.dockerConfig, digest: parseDigest(id), size: rawConfig.length };
  if (await target.statBlob(config.digest) !== config.size) await target.putBlob(wholeBlob(rawConfig));
  listener.config?.(config.digest);
  const raw = serializeManifest({ mediaType, config, layers: layers.flatMap(({ diffID }) => sent.get(diffID) ?? []), annotations: {} });
  return { digest: await target.putManifest(raw, mediaType), raw, mediaType };
}

/** The layer's bytes, as long as they are those that the config names. */
async function* checked(layer: LayerBlob, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const check = checkDigest(parseDigest(layer.diffID));
  try {
    for await (const chunk of layer.open() as AsyncIterable<Uint8Array>) {
      signal?.throwIfAborted();
      check.update(chunk);
      yield chunk;
    }
    check.end(`layer ${layer.diffID}`);
  } catch (error) {
    signal?.throwIfAborted();
    throw wrap(error, `read ${JSON.stringify(layer.name)}`);
  }
}
