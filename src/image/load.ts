/**
 * `load`: images out of an archive into the store. Everything but the layers is read and checked before anything is
 * written; layers are unpacked in parallel; configs, manifests and names come last. After a failure there is nothing that
 * was not there before.
 */
import { checkDigest } from '../oci/digest.ts';
import type { Digest, DiffID, ImageID } from '../oci/ids.ts';
import type { NamedReference } from '../oci/reference.ts';
import { SkiffError } from '../lib/errors.ts';
import type { ApplyOptions, LayerInput, LayerToApply } from '../storage/apply-layer.ts';
import { applyLayers } from '../storage/apply-layer.ts';
import { diffIDOf, recordLayerSource } from '../storage/distribution.ts';
import { putImage } from '../storage/imagedb.ts';
import type { AppliedLayer, Store } from '../storage/index.ts';
import { hasLayer } from '../storage/layerdb.ts';
import { compressionOf } from '../storage/unpack/source.ts';
import { isDirTransport, readDirTransport } from './archive/dir-transport.ts';
import { isDockerArchive, readDockerArchive } from './archive/docker-archive.ts';
import type { ArchiveFiles } from './archive/files.ts';
import { isOciLayout, readOciLayout } from './archive/oci-layout.ts';
import type { ArchiveInput } from './archive/open.ts';
import { openArchive } from './archive/open.ts';
import { hostPlatform } from './host-platform.ts';
import type { LayerBlob, OfferedImage, OnImageEvent } from './index.ts';
import { changeImages } from './lock.ts';
import { keepMadeManifest } from './make-manifest.ts';
import { keepIndex, keepManifest } from './manifests.ts';
import { recordReceived } from './name-digests.ts';
import { withNewLayers } from './new-layers.ts';
import { setNames } from './tag.ts';
import type { TrustSubject } from './trust/require.ts';
import { requireTrusted } from './trust/require.ts';

export interface LoadedImage {
  readonly id: ImageID;
  readonly names: readonly NamedReference[];
  /** Of its manifest: the one that came with it, or the one that was made of it. */
  readonly digest: Digest;
  /** What layers asked for and rootless storage can't do, and names that can't be given. */
  readonly notes: readonly string[];
}

/**
 * All or nothing, also where `signal` is aborted, whose reason is thrown then.
 * @throws NOT_FOUND, PERMISSION (the archive), ARCHIVE_INVALID, ARCHIVE_TRUNCATED, DIGEST_MISMATCH, DIGEST_INVALID,
 *   MANIFEST_INVALID, CONFIG_INVALID, NO_SPACE, POLICY_REFUSED
 */
export async function loadImages(store: Store, input: ArchiveInput, onEvent: OnImageEvent = () => {}, signal?: AbortSignal): Promise<LoadedImage[]> {
  const files = await openArchive(store, input, signal);
  try {
    requireTrusted(subjectOf(files, 'path' in input ? input.path : undefined));
    return await storeImages(store, offers(files), onEvent, { signal });
  } finally {
    files.close();
  }
}

/** As policies know it: the same kinds, in the same order, as offers(). */
function subjectOf(files: ArchiveFiles, path: string | undefined): TrustSubject {
  if (path !== undefined && isDirTransport(files)) return { transport: 'dir', path };
  if (isDockerArchive(files) || !isOciLayout(files)) return { transport: 'docker-archive', path };
  return { transport: files.kind === 'dir' ? 'oci' : 'oci-archive', path };
}

/** manifest.json wins where an archive has both: since version 25 Docker writes both, and only manifest.json has whole names. */
function offers(files: ArchiveFiles): OfferedImage[] {
  if (isDirTransport(files)) return readDirTransport(files);
  if (isDockerArchive(files)) return readDockerArchive(files);
  if (isOciLayout(files)) return readOciLayout(files, hostPlatform());
  const hint = files.has('repositories') ? 'it was written by a Docker older than 1.10: load and save it with a newer one' : 'for the tar of a root filesystem, use: skiff import';
  throw new SkiffError('ARCHIVE_INVALID', `not an image ${files.kind === 'dir' ? 'folder' : 'archive'}: there is neither manifest.json nor index.json`, { hint });
}

/** Stores what any source offers: all or nothing. `options`: as of applyLayers. */
export async function storeImages(store: Store, offered: readonly OfferedImage[], onEvent: OnImageEvent, options: Omit<ApplyOptions, 'lease'> = {}): Promise<LoadedImage[]> {
  return withNewLayers(store, async (lease) => {
    const applied: AppliedLayer[][] = [];
    for (const image of offered) {
      for (const layer of image.layers) onEvent({ kind: 'layer', digest: layer.digest ?? layer.diffID, exists: hasLayer(store, layer.chainID) });
      applied.push(await applyLayers(store, undefined, image.layers.map(layerToApply), { ...options, lease }));
    }
    const loaded: LoadedImage[] = [];
    for (const [at, image] of offered.entries()) loaded.push(await changeImages(store, () => storeImage(store, image, applied[at] ?? [], onEvent)));
    onEvent({ kind: 'manifest' });
    return loaded;
  });
}

async function storeImage(store: Store, image: OfferedImage, applied: readonly AppliedLayer[], onEvent: OnImageEvent): Promise<LoadedImage> {
  const id = putImage(store, image.rawConfig);
  onEvent({ kind: 'config', id });
  for (const { digest, diffID } of applied) if (digest !== undefined && (digest !== (diffID as string) || image.repository !== undefined)) recordLayerSource(store, diffID, { digest, repository: image.repository ?? '' });
  recordTwins(store, image);
  let digest: Digest;
  if (image.rawManifest === undefined) digest = await keepMadeManifest(store, id, image.rawConfig, image.config, { tarSizes: plainSizes(image.layers) });
  else {
    digest = keepManifest(store, id, image.rawManifest, 'received');
    const indexes = (image.rawIndexes ?? []).toReversed().map((index) => keepIndex(store, id, index)).toReversed();
    recordReceived(store, id, image.names, [...indexes, digest], image.repository !== undefined);
  }
  await setNames(store, id, image.names);
  return { id, names: image.names, digest, notes: [...(image.notes ?? []), ...applied.flatMap(({ notes }) => notes)] };
}

/** Layers that were there need not come: that they are in this repository as well is known where their digest was checked before. */
function recordTwins(store: Store, { layers, repository }: OfferedImage): void {
  if (repository === undefined) return;
  for (const { digest, diffID } of layers) if (digest !== undefined && diffIDOf(store, digest) === diffID) recordLayerSource(store, diffID, { digest, repository });
}

/** What is known of tar sizes without reading a layer: a member that isn't compressed is the tar. */
function plainSizes(layers: readonly LayerBlob[]): Map<DiffID, number> {
  return new Map(layers.filter(({ head }) => compressionOf(head()) === 'none').map(({ diffID, sizeBytes }) => [diffID, sizeBytes]));
}

function layerToApply({ diffID, digest, name, sizeBytes, open }: LayerBlob): LayerToApply {
  const layer = { expectedDiffID: diffID, declaredBytes: sizeBytes };
  // The store's worker computes sha256 only; a sha512 is checked on the way to it, for which the source gives a stream.
  if (digest?.startsWith('sha512:') === true) return { ...layer, blob: digest, open: async () => checked(asStream(await open()), digest, name) };
  return { ...layer, open, ...(digest !== undefined && { expectedDigest: digest }) };
}

function asStream(input: LayerInput): AsyncIterable<Uint8Array> {
  if (typeof input === 'object' && Symbol.asyncIterator in input) return input;
  throw new SkiffError('INTERNAL', 'a layer named by sha512 comes as a stream');
}

async function* checked(source: AsyncIterable<Uint8Array>, digest: Digest, name: string): AsyncGenerator<Uint8Array> {
  const check = checkDigest(digest);
  for await (const chunk of source) {
    check.update(chunk);
    yield chunk;
  }
  check.end(`layer ${JSON.stringify(name)}`);
}
