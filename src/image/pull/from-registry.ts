/**
 * One image from a registry into the store: manifest, config, the layers that are missing, and then, at once, everything that makes
 * it an image. Until then nothing refers to what was stored, and after a failure it goes again; only downloads stay.
 */
import { SkiffError, isCode } from '../../lib/errors.ts';
import { log } from '../../lib/log.ts';
import { verifyDigest } from '../../oci/digest.ts';
import type { ChainID, DiffID, Digest, ImageID } from '../../oci/ids.ts';
import { chainIDs, digestOf, parseImageID } from '../../oci/ids.ts';
import type { ImageConfig } from '../../oci/image-config.ts';
import { maxConfigBytes, parseImageConfig } from '../../oci/image-config.ts';
import type { Manifest } from '../../oci/manifest.ts';
import { requireImageManifest } from '../../oci/manifest.ts';
import type { Platform } from '../../oci/platform.ts';
import type { NamedReference } from '../../oci/reference.ts';
import { canonicalName, canonicalString, familiarString, withDefaultTag } from '../../oci/reference.ts';
import { isTemporary } from '../../registry/errors.ts';
import { toldStalls } from '../../registry/http.ts';
import type { RegistryClient, Repository } from '../../registry/index.ts';
import { diffIDOf, readManifest } from '../../storage/distribution.ts';
import { layerTar } from '../../storage/export-layer.ts';
import { hasImage, readImage } from '../../storage/imagedb.ts';
import type { Store } from '../../storage/index.ts';
import { findDiffID, hasLayer } from '../../storage/layerdb.ts';
import { resolveTag } from '../../storage/repositories.ts';
import { foreignPlatform } from '../foreign-platform.ts';
import type { LayerBlob, OfferedImage } from '../index.ts';
import { storeImages } from '../load.ts';
import { readRecord } from '../manifest-record.ts';
import type { ChosenManifest } from './choose-manifest.ts';
import { chooseManifest } from './choose-manifest.ts';
import type { WantedBlob } from './downloads.ts';
import { Downloads } from './downloads.ts';
import type { OnPullEvent } from './events.ts';

const maxConfigAttempts = 3;

export interface RegistryPull {
  readonly client: RegistryClient;
  readonly platform: Platform;
  readonly onEvent: OnPullEvent;
  readonly signal: AbortSignal;
  /** Ends the client's work after a failure: downloads under way, for whom the pull is over. */
  readonly abort: (reason: unknown) => void;
}

export interface PulledImage {
  readonly id: ImageID;
  readonly name: NamedReference;
  /** Of what the name led to: the index where there is one. */
  readonly digest: Digest;
  /** False where the name led to this image before, and nothing was missing. */
  readonly changed: boolean;
  readonly notes: readonly string[];
}

/**
 * By digest where the name has one (a tag beside it says nothing more), else by tag.
 * @throws RegistryError, MANIFEST_UNKNOWN, MANIFEST_INVALID, CONFIG_INVALID, DIGEST_MISMATCH, DIGEST_INVALID, ARCHIVE_INVALID, ARCHIVE_TRUNCATED, UNSUPPORTED, NO_SPACE
 */
export async function pullFromRegistry(store: Store, written: NamedReference, pull: RegistryPull): Promise<PulledImage> {
  const { client, platform, onEvent } = pull;
  const name = nameToKeep(written);
  const repository: Repository = { domain: name.domain, path: name.path };
  const { top, chosen, raw: rawConfig, config, id, known } = await fetchDocuments(store, name, client, platform, (digest) => onEvent({ kind: 'pulling', name, digest }));
  const foreign = foreignPlatform(config, platform);
  const notes = foreign === undefined ? [] : [foreign];
  const chain = chainIDs(config.rootfs.diff_ids);
  const changed = !known || resolveTag(store, familiarString(name)) !== id || chain.some((chainID) => !hasLayer(store, chainID));
  if (!changed && isKept(store, id, name, chosen)) {
    for (const layer of chosen.manifest.layers) onEvent({ kind: 'layer', digest: layer.digest, sizeBytes: layer.size, doneBytes: 0, state: 'exists' });
    onEvent({ kind: 'pulled', name, digest: top, id, changed });
    return { id, name, digest: top, changed, notes };
  }
  const loaded = await storePulled(store, { id, rawConfig, config, name, chosen }, repository, pull);
  onEvent({ kind: 'pulled', name, digest: top, id, changed });
  return { id, name, digest: top, changed, notes: [...notes, ...loaded] };
}

interface FetchedDocuments {
  /** Of what the name led to: the index where there is one. */
  readonly top: Digest;
  readonly chosen: ChosenManifest;
  readonly raw: Buffer;
  readonly config: ImageConfig;
  readonly id: ImageID;
  /** The image is in the store. */
  readonly known: boolean;
}

/** Manifest and config of the image that a name leads to, checked against each other; what the store has of them is not fetched. `onTop`: once the first is there. */
export async function fetchDocuments(store: Store, name: NamedReference, client: RegistryClient, platform: Platform, onTop: (digest: Digest) => void = () => {}): Promise<FetchedDocuments> {
  const repository: Repository = { domain: name.domain, path: name.path };
  const top = await client.fetchManifest(repository, name.digest ?? name.tag ?? 'latest');
  onTop(top.digest);
  const chosen = await chooseManifest(top, platform, async (descriptor) => {
    const kept = readManifest(store, descriptor.digest);
    if (kept !== undefined) return { raw: kept, mediaType: undefined };
    return client.fetchManifest(repository, descriptor.digest);
  });
  return { top: top.digest, chosen, ...await configOf(store, client, repository, chosen.manifest) };
}

/** Nothing would be written but what is there. */
function isKept(store: Store, id: ImageID, name: NamedReference, { digest, indexes }: ChosenManifest): boolean {
  const record = readRecord(store, id);
  const way = [...indexes.map((raw) => digestOf(raw)), digest];
  const named = record.named.filter((one) => one.seen && one.name === canonicalString(name));
  return record.manifests.find(({ origin }) => origin === 'received')?.digest === digest && way.every((one, at) => named[at]?.digest === one);
}

function nameToKeep(written: NamedReference): NamedReference {
  if (written.digest === undefined) return withDefaultTag(written);
  const { tag: _, ...byDigest } = written;
  return byDigest;
}

/** The config, from the store where the image is there already. @throws MANIFEST_INVALID, CONFIG_INVALID, DIGEST_MISMATCH, RegistryError */
async function configOf(store: Store, client: RegistryClient, repository: Repository, manifest: Manifest): Promise<{ raw: Buffer; config: ImageConfig; id: ImageID; known: boolean }> {
  requireImageManifest(manifest);
  const foreign = manifest.layers.find(({ urls, mediaType }) => (urls?.length ?? 0) > 0 || mediaType.includes('.foreign.') || mediaType.includes('.nondistributable.'));
  if (foreign !== undefined) {
    throw new SkiffError('UNSUPPORTED', `layer ${foreign.digest} is a foreign one (${foreign.mediaType}): it is not in the registry, and other addresses are not asked`);
  }
  const { digest, size } = manifest.config;
  if (!digest.startsWith('sha256:')) throw new SkiffError('UNSUPPORTED', `config ${digest}: images are named by sha256 here`);
  const id = parseImageID(digest);
  const known = hasImage(store, id);
  const raw = (known ? tryReadConfig(store, id) : undefined) ?? await fetchConfig(client, repository, digest, size);
  const config = parseImageConfig(raw);
  if (manifest.layers.length !== config.rootfs.diff_ids.length) {
    throw new SkiffError('MANIFEST_INVALID', `the manifest has ${manifest.layers.length} layers, its config ${config.rootfs.diff_ids.length}`);
  }
  return { raw, config, id, known };
}

/** A damaged one is fetched and written again. */
function tryReadConfig(store: Store, id: ImageID): Buffer | undefined {
  try {
    return readImage(store, id).raw;
  } catch (error) {
    if (isCode(error, 'STORE_CORRUPT', 'IMAGE_UNKNOWN')) return undefined;
    throw error;
  }
}

async function fetchConfig(client: RegistryClient, repository: Repository, digest: Digest, sizeBytes: number): Promise<Buffer> {
  if (sizeBytes > maxConfigBytes) throw new SkiffError('CONFIG_INVALID', `config ${digest} is too large: ${sizeBytes} bytes, at most ${maxConfigBytes}`);
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetchSmall(client, repository, digest, sizeBytes);
    } catch (error) {
      // A body that was cut: opening it again is retried by the client, with its patience.
      if (!isTemporary(error) || attempt >= maxConfigAttempts) throw error;
      log.warn(`config ${digest}: ${error instanceof Error ? error.message : String(error)}; attempt ${attempt + 1} of ${maxConfigAttempts}`);
    }
  }
}

async function fetchSmall(client: RegistryClient, repository: Repository, digest: Digest, sizeBytes: number): Promise<Buffer> {
  const { body, totalBytes } = await client.fetchBlob(repository, digest);
  const wrongSize = (found: string): SkiffError => new SkiffError('DIGEST_MISMATCH', `config ${digest} has ${found} bytes, its descriptor says ${sizeBytes}`);
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of toldStalls(body, `config ${digest}`)) {
    if (totalBytes !== undefined && totalBytes !== sizeBytes) throw wrongSize(String(totalBytes));
    bytes += piece.length;
    if (bytes > sizeBytes) throw wrongSize(`more than ${sizeBytes}`);
    pieces.push(piece);
  }
  if (bytes !== sizeBytes) throw wrongSize(String(bytes));
  const raw = Buffer.concat(pieces);
  verifyDigest(raw, digest, 'config');
  return raw;
}

interface Pulled { readonly id: ImageID; readonly rawConfig: Buffer; readonly config: ImageConfig; readonly name: NamedReference; readonly chosen: ChosenManifest }

/**
 * Twice at most: where a blob that was left by an earlier pull turns out damaged, it is downloaded anew; where a layer of the store was to
 * be used once more and is damaged or gone, its blob is downloaded. Returns what unpacking has to say.
 */
async function storePulled(store: Store, image: Pulled, repository: Repository, pull: RegistryPull): Promise<readonly string[]> {
  for (let isSecond = false; ; isSecond = true) {
    const downloads = new Downloads({ store, client: pull.client, repository, onEvent: pull.onEvent, signal: pull.signal, onFailure: pull.abort });
    let done = false;
    try {
      const [loaded] = await storeImages(store, [offer(store, image, repository, { downloads, useTwins: !isSecond, onEvent: pull.onEvent })], () => {}, { signal: pull.signal, onLayer: layerTeller(store, image, pull.onEvent) });
      done = true;
      return loaded?.notes ?? [];
    } catch (error) {
      pull.signal.throwIfAborted();
      const verdict = await verdictOn(error, downloads);
      if (isSecond || !(verdict === 'stale' || isCode(error, 'STORE_CORRUPT', 'NOT_FOUND'))) {
        const failure = verdict === 'right' ? error : damaged(error);
        pull.abort(failure);
        throw failure;
      }
    } finally {
      await downloads.close(done);
    }
  }
}

async function verdictOn(error: unknown, downloads: Downloads): Promise<'right' | 'wrong' | 'stale'> {
  if (!isCode(error, 'ARCHIVE_INVALID', 'ARCHIVE_TRUNCATED', 'DIGEST_MISMATCH', 'UNSUPPORTED')) return 'right';
  const layer = error.data['layer'];
  return typeof layer === 'string' ? downloads.verify(layer as Digest) : 'right';
}

function damaged(error: unknown): SkiffError {
  const { message, data } = error as SkiffError; // of a code that verdictOn looked at
  return isCode(error, 'DIGEST_MISMATCH') ? error : new SkiffError('DIGEST_MISMATCH', `${message}; its digest is wrong, too: the registry sends other bytes than its manifest names`, { data, cause: error });
}

function offer(store: Store, { id, rawConfig, config, name, chosen }: Pulled, repository: Repository, { downloads, useTwins, onEvent }: { downloads: Downloads; useTwins: boolean; onEvent: OnPullEvent }): OfferedImage {
  const diffIDs = config.rootfs.diff_ids;
  const chain = chainIDs(diffIDs);
  const parts = chosen.manifest.layers.map((layer, at) => ({ layer, diffID: diffIDs[at], chainID: chain[at] }));
  const missing = parts.filter(({ chainID }) => chainID !== undefined && !hasLayer(store, chainID));
  // One blob may be several layers: it is wanted as long as one of them is missing.
  const wantedBy = new Map<Digest, ChainID[]>();
  for (const { layer, chainID } of missing) if (chainID !== undefined) wantedBy.set(layer.digest, [...(wantedBy.get(layer.digest) ?? []), chainID]);
  for (const { layer, chainID } of parts) onEvent({ kind: 'layer', digest: layer.digest, sizeBytes: layer.size, doneBytes: 0, state: missing.some((one) => one.chainID === chainID) ? 'queued' : 'exists' });
  const wanted: WantedBlob[] = [];
  const layers = parts.map(({ layer, diffID, chainID }): LayerBlob => {
    if (diffID === undefined || chainID === undefined) throw new SkiffError('INTERNAL', 'chain shorter than its layers');
    const { digest, size: sizeBytes } = layer;
    const from = { diffID, chainID, name: digest, head: () => Buffer.alloc(0) };
    const twin = !useTwins || hasLayer(store, chainID) ? undefined : twinOf(store, digest, diffID);
    if (twin !== undefined) return { ...from, digest: undefined, sizeBytes, open: () => layerTar(store, twin) };
    if (!hasLayer(store, chainID)) wanted.push({ digest, sizeBytes, wanted: () => (wantedBy.get(digest) ?? []).some((one) => !hasLayer(store, one)) });
    return { ...from, digest, sizeBytes, open: () => {
      downloads.add([{ digest, sizeBytes, wanted: () => true }]); // one that was there, and went meanwhile
      return digest.startsWith('sha512:') ? downloads.stream(digest) : downloads.open(digest);
    } };
  });
  downloads.add(wanted);
  return { id, rawConfig, config, layers, names: [name], rawManifest: chosen.raw, rawIndexes: chosen.indexes, repository: canonicalName(repository) };
}

/** The same tar on top of other layers, where it is known to be what the digest stands for: then nothing is downloaded. */
function twinOf(store: Store, digest: Digest, diffID: DiffID): ChainID | undefined {
  return diffIDOf(store, digest) === diffID ? findDiffID(store, diffID) : undefined;
}

/** Of those that were missing: some come by another pull's doing. */
function layerTeller(store: Store, { config, chosen }: Pulled, onEvent: OnPullEvent): (chainID: ChainID, added: boolean) => void {
  const chain = chainIDs(config.rootfs.diff_ids);
  const before = new Set(chain.filter((chainID) => hasLayer(store, chainID)));
  return (chainID, added) => {
    const layer = chosen.manifest.layers[chain.indexOf(chainID)];
    if (layer !== undefined && (added || !before.has(chainID))) onEvent({ kind: 'layer', digest: layer.digest, state: added ? 'done' : 'exists', doneBytes: layer.size, sizeBytes: layer.size });
  };
}
