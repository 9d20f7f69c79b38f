/**
 * An image from the store to a destination: layers side by side, then the config, the manifest last. The manifest that came
 * with the image is sent as it is where every layer is there, or came out, with the digest it names; else one is written for
 * the same config.
 */
import { SkiffError } from '../../lib/errors.ts';
import { allOrFirstFailure, limiter } from '../../lib/limit.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest, DiffID } from '../../oci/ids.ts';
import { chainIDs, parseDigest } from '../../oci/ids.ts';
import type { Manifest, Raw } from '../../oci/manifest.ts';
import { serializeManifest } from '../../oci/manifest.ts';
import type { Compression } from '../../oci/media-types.ts';
import { layerCompressionOf, mediaTypes } from '../../oci/media-types.ts';
import { hasImage } from '../../storage/imagedb.ts';
import type { Store } from '../../storage/index.ts';
import { wholeBlob } from '../archive/blob-targets.ts';
import { isHeavy, requireCompression } from '../archive/compress.ts';
import { holdLayers } from '../hold-layers.ts';
import { firstMadeManifest, keepManifest, keptManifest } from '../manifests.ts';
import { meantManifest, recordPushed } from '../name-digests.ts';
import type { SaveItem } from '../save.ts';
import { knownManifests, sameRepository, seenIn } from './candidates.ts';
import type { PushedLayer } from './push-layer.ts';
import { findAll, pushLayer, settle, tryMount } from './push-layer.ts';
import type { ImageTarget, PushListener } from './target.ts';

export interface PushOptions {
  /** Of the layers. Default: as the image was received, else gzip. */
  readonly compression?: Compression | undefined;
  /** Where it is given layers are compressed anew, but for `force` false. Default: the compressor's. */
  readonly level?: number | undefined;
  /** Whether layers that are there in another compression will not do. Default: where `compression` is given. */
  readonly force?: boolean | undefined;
  /** Of the manifest. Default: as the image was received, else OCI's. */
  readonly mediaType?: Manifest['mediaType'] | undefined;
  /** A manifest of the image whose digest is to be kept, where it can be. Default: the one that its name stands for. */
  readonly manifest?: Digest | undefined;
  /** The tag. Without it the image is there by its digest only. */
  readonly reference?: string | undefined;
  readonly listener?: PushListener;
  /** Stops at the next chunk of a layer. */
  readonly signal?: AbortSignal | undefined;
}

export interface PushedImage { readonly digest: Digest; readonly raw: Uint8Array; readonly mediaType: string }

/** Questions to a registry that are open at once, for an image of many layers. */
const questionsAtOnce = 6;

/** @throws REGISTRY_FAILED and its kin, STORE_CORRUPT, HELPER_MISSING (zstd), NO_SPACE */
export async function pushImage(store: Store, target: ImageTarget, image: SaveItem['image'], options: PushOptions = {}): Promise<PushedImage> {
  const { compression, listener = {} } = options;
  if (compression !== undefined) requireCompression(compression);
  const received = wantedManifest(store, image, options);
  const mediaType = mediaTypeFor(options, (received ?? firstMadeManifest(store, image.id))?.value);
  // Beside the layers, where the order does not matter.
  const early = target.concurrency > 1 ? putConfig(store, target, image) : undefined;
  early?.catch(() => {}); // a layer's failure comes first
  const layers = await pushLayers(store, target, image, options, mediaType, received);
  await (early ?? putConfig(store, target, image));
  listener.config?.(parseDigest(image.id));
  const { raw, mediaType: sent } = manifestFor(image, received, mediaType, layers.map(({ descriptor }) => descriptor));
  const digest = await target.putManifest(raw, sent, options.reference);
  listener.manifest?.(digest, raw.length);
  if (target.repository !== undefined && hasImage(store, image.id)) {
    // The registry knows the image by this one from now on, and so should we: by digest, and when it is pushed again.
    keepManifest(store, image.id, raw, 'made');
    const { domain, path } = target.repository;
    if (options.reference !== undefined) recordPushed(store, image.id, { domain, path, tag: options.reference }, digest);
  }
  return { digest, raw, mediaType: sent };
}

/** The manifest to keep to, as far as the options let us. */
function wantedManifest(store: Store, { id, name }: SaveItem['image'], { manifest }: PushOptions): Raw<Manifest> | undefined {
  return (manifest === undefined ? undefined : keptManifest(store, id, manifest)) ?? meantManifest(store, id, name);
}

/** Asked for, else that of the manifest which came with the image or was made with it (`commit --format`). */
function mediaTypeFor({ mediaType, compression }: PushOptions, own: Manifest | undefined): Manifest['mediaType'] {
  if (mediaType !== undefined) return mediaType;
  // Docker's manifests have no media type for zstd that its own tools know.
  return compression === 'zstd' ? mediaTypes.ociManifest : own?.mediaType ?? mediaTypes.ociManifest;
}

async function pushLayers(store: Store, target: ImageTarget, image: SaveItem['image'], options: PushOptions, mediaType: Manifest['mediaType'], received: Raw<Manifest> | undefined): Promise<PushedLayer[]> {
  const diffIDs = image.config.rootfs.diff_ids;
  const chain = chainIDs(diffIDs);
  // Who asks for Docker's manifest wants what every Docker can read.
  const zstd = options.mediaType !== mediaTypes.dockerManifest || options.compression === 'zstd';
  const exact = options.level !== undefined && options.force !== false;
  let failed = false;
  const push = {
    store, target, mediaType, zstd, level: options.level, exact, listener: options.listener ?? {},
    only: (options.force ?? options.compression !== undefined) ? options.compression ?? 'gzip' : undefined,
    manifests: knownManifests(store, image, received?.digest),
    asking: limiter(target.concurrency === 1 ? 1 : questionsAtOnce), sending: limiter(isHeavy(options.compression, options.level) ? 1 : target.concurrency),
    goOn: () => {
      options.signal?.throwIfAborted();
      if (failed) throw new SkiffError('IO', 'another layer could not be sent');
    },
  };
  const under = new Map<DiffID, Promise<PushedLayer>>();
  return holdLayers(store, [image], async () => {
    const { value } = received ?? {};
    const all = !exact && value?.mediaType === mediaType && value.layers.length === chain.length ? await findAll(push, diffIDs, value) : undefined;
    if (all !== undefined) {
      for (const [diffID, layer] of new Map(all.map((one, at) => [diffIDs[at] as DiffID, one]))) settle(push, diffID, layer);
      return all;
    }
    const pushes = chain.map((chainID, at) => {
      const diffID = diffIDs[at] as DiffID;
      const before = under.get(diffID);
      if (before !== undefined) return before;
      const wished = options.compression ?? layerCompressionOf(value?.layers[at]?.mediaType ?? '') ?? 'gzip';
      // A layer that came as it is has no level: who names one wants it compressed.
      const as = (wished === 'zstd' && !zstd) || (wished === 'none' && options.compression === undefined && exact) ? 'gzip' : wished;
      const pushed = pushLayer(push, chainID, diffID, at, as);
      under.set(diffID, pushed);
      pushed.catch(() => { failed = true; });
      return pushed;
    });
    return await allOrFirstFailure(pushes);
  });
}

/** Where a layer was seen in another repository of the registry, the config is likely to be there, too. */
async function putConfig(store: Store, target: ImageTarget, image: SaveItem['image']): Promise<void> {
  const digest = parseDigest(image.id);
  const { repository } = target;
  const from = repository === undefined ? [] : seenIn(store, image, repository.domain);
  const next = from.find((one) => repository !== undefined && !sameRepository(one, repository));
  const isHere = from.some((one) => repository !== undefined && sameRepository(one, repository));
  if (next !== undefined && !isHere && await tryMount(target, digest, next)) return;
  if (await target.statBlob(digest) === image.raw.length) return;
  await target.putBlob(wholeBlob(image.raw));
}

function manifestFor(image: SaveItem['image'], received: Raw<Manifest> | undefined, mediaType: Manifest['mediaType'], layers: readonly Descriptor[]): { raw: Uint8Array; mediaType: string } {
  if (received !== undefined && received.value.mediaType === mediaType && received.value.layers.length === layers.length && received.value.layers.every(({ digest }, at) => digest === layers[at]?.digest)) {
    return { raw: received.raw, mediaType };
  }
  const isOci = mediaType === mediaTypes.ociManifest;
  const config: Descriptor = { mediaType: isOci ? mediaTypes.ociConfig : mediaTypes.dockerConfig, digest: parseDigest(image.id), size: image.raw.length };
  // Docker's manifests have no annotations.
  return { raw: serializeManifest({ mediaType, config, layers, annotations: isOci ? received?.value.annotations ?? {} : {} }), mediaType };
}
