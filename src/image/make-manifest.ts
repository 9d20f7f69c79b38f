/** A manifest for an image that came without one: an import, a commit, a docker-archive. */
import type { Digest, DiffID, ImageID } from '../oci/ids.ts';
import { chainIDs, parseDigest } from '../oci/ids.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { ImageConfig } from '../oci/image-config.ts';
import { serializeManifest, type Manifest } from '../oci/manifest.ts';
import { layerMediaTypeOf, mediaTypes } from '../oci/media-types.ts';
import type { Store } from '../storage/index.ts';
import { layerTarSize } from './layer-size.ts';
import { keepManifest } from './manifests.ts';

/**
 * Writes and keeps the manifest of the image, by default OCI's, with its layers as plain tars, which needs nothing that isn't in the store
 * and is the same whatever the image came as. `tarSizes` spares reading what the caller knows already.
 */
export async function keepMadeManifest(
  store: Store, id: ImageID, rawConfig: Uint8Array, config: ImageConfig,
  { tarSizes = new Map(), mediaType = mediaTypes.ociManifest }: { tarSizes?: ReadonlyMap<DiffID, number>; mediaType?: Manifest['mediaType'] } = {},
): Promise<Digest> {
  const chain = chainIDs(config.rootfs.diff_ids);
  const layers: Descriptor[] = [];
  for (const [at, layer] of chain.entries()) {
    const diffID = config.rootfs.diff_ids[at] as DiffID;
    layers.push({ mediaType: layerMediaTypeOf(mediaType, 'none'), digest: parseDigest(diffID), size: tarSizes.get(diffID) ?? await layerTarSize(store, layer) });
  }
  const raw = serializeManifest({
    mediaType, layers, annotations: {},
    config: { mediaType: mediaType === mediaTypes.dockerManifest ? mediaTypes.dockerConfig : mediaTypes.ociConfig, digest: parseDigest(id), size: rawConfig.length },
  });
  return keepManifest(store, id, raw, 'made');
}
