/**
 * One layer to its destination, in the cheapest way: it is there already under a digest that is known, it can be taken over
 * from a repository beside it, or it is made again from the store and sent: worker, compressor and connection are one stream
 * with a few chunks in it, and the digest is known at its end.
 */
import { createHash } from 'node:crypto';
import { closeSync } from 'node:fs';
import { fileChunks } from '../../host/file-chunks.ts';
import { isCode, wrap } from '../../lib/errors.ts';
import type { Limiter } from '../../lib/limit.ts';
import { allOrFirstFailure } from '../../lib/limit.ts';
import { log } from '../../lib/log.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { ChainID, Digest, DiffID } from '../../oci/ids.ts';
import { hexOf, parseDigest } from '../../oci/ids.ts';
import type { Manifest } from '../../oci/manifest.ts';
import type { Compression } from '../../oci/media-types.ts';
import { layerMediaTypeOf } from '../../oci/media-types.ts';
import { canonicalName } from '../../oci/reference.ts';
import type { BlobSource, Repository } from '../../registry/index.ts';
import { diffIDOf, layerSources, recordLayerSource } from '../../storage/distribution.ts';
import { layerGzip, layerTar } from '../../storage/export-layer.ts';
import type { Store } from '../../storage/index.ts';
import { compressionOf } from '../../storage/unpack/source.ts';
import { compressed } from '../archive/compress.ts';
import { openSpool, spoolWriter } from '../archive/spool.ts';
import { layerTarSize } from '../layer-size.ts';
import type { Candidate, KnownManifest } from './candidates.ts';
import { candidatesOf, sameRepository } from './candidates.ts';
import type { ImageTarget, LayerOutcome, PushListener } from './target.ts';

/** What all layers of one push have in common. */
export interface LayerPush {
  readonly store: Store;
  readonly target: ImageTarget;
  readonly mediaType: Manifest['mediaType'];
  /** The only compression that is wanted; undefined: what is there will do. */
  readonly only: Compression | undefined;
  /** Whether layers in zstd will do. */
  readonly zstd: boolean;
  readonly level: number | undefined;
  /** Whether a layer that is there will do only where it has the very bytes that this compression and level make. */
  readonly exact: boolean;
  readonly listener: PushListener;
  /** Manifests that name this image's layers, in the order to try. */
  readonly manifests: readonly KnownManifest[];
  /** Questions to the destination, and streams to it, that go on at once. */
  readonly asking: Limiter;
  readonly sending: Limiter;
  /** Throws once another layer has failed. */
  readonly goOn: () => void;
}

export interface PushedLayer { readonly descriptor: Descriptor; readonly outcome: LayerOutcome }

/** As a registry that was asked a few times has earned: a layer may have been seen in fifty places. */
const maxLooks = 4;
/** Of one digest: repositories go, and what is remembered of them stays. */
const maxMounts = 3;

/** `as`: how it is compressed where it has to be sent. @throws REGISTRY_FAILED …, STORE_CORRUPT, HELPER_MISSING (zstd) */
export async function pushLayer(push: LayerPush, chainID: ChainID, diffID: DiffID, position: number, as: Compression): Promise<PushedLayer> {
  const found = push.exact ? await push.sending(() => sendExact(push, chainID, diffID, position, as))
    : await push.asking(() => findThere(push, diffID, position, as)) ?? await push.sending(() => send(push, chainID, diffID, as));
  settle(push, diffID, found);
  return found;
}

/** What was found or sent is told, and remembered where it is known to be this layer: a manifest may say so of any blob. */
export function settle({ store, target: { repository }, listener }: Pick<LayerPush, 'store' | 'target' | 'listener'>, diffID: DiffID, { descriptor: { digest }, outcome }: PushedLayer): void {
  if (outcome.kind === 'sent' || diffIDOf(store, digest) === diffID) {
    const made = layerSources(store, diffID).filter((one) => one.digest === digest).every((one) => one.made === true);
    recordLayerSource(store, diffID, { digest, repository: repository === undefined ? '' : canonicalName(repository), ...(made && { made }) });
  }
  listener.layer?.(diffID, outcome);
}

/** Looks under every digest that is known, those first that were seen in this registry. */
async function findThere(push: LayerPush, diffID: DiffID, position: number, as: Compression): Promise<PushedLayer | undefined> {
  const { store, target, manifests } = push;
  const suits: Suits = (is, { made }) => fits(push, is) && (push.only !== undefined || !made || is === as);
  const fitting = candidatesOf(store, diffID, position, manifests).filter((candidate) => candidate.compression === undefined || suits(candidate.compression, candidate));
  const nearby = new Map(fitting.map((candidate) => [candidate, wasSeen(candidate, target.repository).nearby]));
  const candidates = fitting.toSorted((a, b) => Number(nearby.get(b) === true) - Number(nearby.get(a) === true));
  for (const candidate of candidates.slice(0, maxLooks)) {
    const there = await findOne(push, candidate, suits);
    if (there !== undefined) return there;
  }
  return undefined;
}

/** Whether a candidate will do in this compression. */
type Suits = (is: Compression, candidate: Candidate) => boolean;

/** A mount comes before the question where the blob was seen next door only: it answers both. */
async function findOne(push: LayerPush, candidate: Candidate, suits: Suits): Promise<PushedLayer | undefined> {
  const { target } = push;
  push.goOn();
  const { here, next } = wasSeen(candidate, target.repository);
  const ask = async (): Promise<PushedLayer | undefined> => {
    const sizeBytes = await target.statBlob(candidate.digest);
    const there = sizeBytes === undefined ? undefined : await usable(push, candidate, sizeBytes, suits);
    return there === undefined ? undefined : { descriptor: there, outcome: { kind: 'exists' } };
  };
  if (here) {
    const there = await ask();
    if (there !== undefined) return there;
  }
  for (const from of next.slice(0, maxMounts)) {
    const there = await mount(push, candidate, from, suits);
    if (there !== undefined) return { descriptor: there, outcome: { kind: 'mounted', from } };
  }
  return here ? undefined : await ask();
}

/**
 * All layers in the very form that the manifest names, base first, where the destination has every one of them or can take
 * it over: then the manifest can go as it is. Else undefined, told by as few questions as can be.
 */
export async function findAll(push: LayerPush, diffIDs: readonly DiffID[], manifest: Manifest): Promise<PushedLayer[] | undefined> {
  const wanted = manifest.layers.map(({ digest }, at) => {
    const diffID = diffIDs[at];
    return diffID === undefined ? undefined : candidatesOf(push.store, diffID, at, push.manifests).find((candidate) => candidate.digest === digest);
  });
  const suits: Suits = (is) => fits(push, is);
  const found = new Map<Digest, PushedLayer | undefined>();
  const look = async (candidate: Candidate | undefined): Promise<boolean> => {
    if (candidate === undefined || (candidate.compression !== undefined && !suits(candidate.compression, candidate))) return false;
    const there = await push.asking(() => findOne(push, candidate, suits));
    found.set(candidate.digest, there);
    return there !== undefined;
  };
  // The top layer is the likeliest to be missing.
  if (wanted.length === 0 || !await look(wanted.at(-1))) return undefined;
  const others = [...new Map(wanted.slice(0, -1).map((candidate) => [candidate?.digest, candidate])).values()];
  let missing = false;
  await allOrFirstFailure(others.map(async (candidate) => {
    if (!missing && !(candidate !== undefined && found.has(candidate.digest)) && !await look(candidate)) missing = true;
  }));
  const all = wanted.flatMap((candidate) => (candidate === undefined ? [] : found.get(candidate.digest) ?? []));
  return all.length === wanted.length ? all : undefined;
}

/** `here`: in the very repository; `next`: in others of its registry. */
function wasSeen({ repositories }: Candidate, target: Repository | undefined): { here: boolean; next: Repository[]; nearby: boolean } {
  const near = target === undefined ? [] : repositories.filter(({ domain }) => domain === target.domain);
  const next = near.filter((from) => target !== undefined && !sameRepository(from, target));
  return { here: near.length > next.length, next, nearby: near.length > 0 };
}

function fits({ only, zstd }: LayerPush, compression: Compression): boolean {
  return only === undefined ? zstd || compression !== 'zstd' : compression === only;
}

/** False where it has to be sent. */
export async function tryMount(target: ImageTarget, digest: Digest, from: Repository): Promise<boolean> {
  try {
    return await target.mountBlob(digest, from);
  } catch (error) {
    // Not ours to read from, or a registry that answers mounts with errors: the blob can be sent all the same.
    if (!isCode(error, 'REGISTRY_UNAUTHORIZED', 'REGISTRY_FAILED', 'BLOB_UNKNOWN', 'NAME_UNKNOWN')) throw error;
    log.debug(`mount ${digest} from ${canonicalName(from)}: ${error.message}`);
    return false;
  }
}

async function mount(push: LayerPush, candidate: Candidate, from: Repository, suits: Suits): Promise<Descriptor | undefined> {
  const { target } = push;
  if (!await tryMount(target, candidate.digest, from)) return undefined;
  const sizeBytes = candidate.sizeBytes ?? await target.statBlob(candidate.digest);
  return sizeBytes === undefined ? undefined : usable(push, candidate, sizeBytes, suits);
}

/** The descriptor of a blob that is there; undefined where its size or its compression is not what it should be. */
async function usable(push: LayerPush, candidate: Candidate, sizeBytes: number, suits: Suits): Promise<Descriptor | undefined> {
  const { digest, sizeBytes: expected, compression } = candidate;
  if (expected !== undefined && expected !== sizeBytes) return undefined;
  const is = compression ?? compressionOf(Buffer.from(await push.target.peekBlob(digest)));
  return !suits(is, candidate) ? undefined : { mediaType: layerMediaTypeOf(push.mediaType, is), digest, size: sizeBytes };
}

async function send(push: LayerPush, chainID: ChainID, diffID: DiffID, as: Compression): Promise<PushedLayer> {
  const { store, target, listener } = push;
  push.goOn();
  const what = `send layer ${hexOf(diffID).slice(0, 12)}`;
  try {
    const plainBytes = as === 'none' ? await layerTarSize(store, chainID) : undefined;
    const source: BlobSource = {
      open: () => checkEach(layerBytes(push, chainID, as), push.goOn),
      ...(plainBytes !== undefined && { digest: parseDigest(diffID), sizeBytes: plainBytes }),
    };
    listener.sending?.(diffID, plainBytes);
    const { digest, sizeBytes } = await target.putBlob(source, (count) => listener.bytes?.(diffID, count));
    return { descriptor: { mediaType: layerMediaTypeOf(push.mediaType, as), digest, size: sizeBytes }, outcome: { kind: 'sent', sizeBytes } };
  } catch (error) {
    throw wrap(error, what);
  }
}

function layerBytes({ store, level }: LayerPush, chainID: ChainID, as: Compression): AsyncIterable<Uint8Array> {
  if (as === 'gzip') return layerGzip(store, chainID, level);
  return compressed(layerTar(store, chainID), as, level);
}

/**
 * Compressed as it is wished, whatever else is there: no record tells a blob's level. A registry is asked for the result before it is sent,
 * which has to lie in a file until then.
 */
async function sendExact(push: LayerPush, chainID: ChainID, diffID: DiffID, position: number, as: Compression): Promise<PushedLayer> {
  const { store, target, listener, manifests } = push;
  if (target.repository === undefined || as === 'none') return send(push, chainID, diffID, as);
  const spool = openSpool(store);
  try {
    const write = spoolWriter(store, spool);
    const hash = createHash('sha256');
    let sizeBytes = 0;
    for await (const chunk of checkEach(layerBytes(push, chainID, as), push.goOn)) {
      hash.update(chunk);
      write(chunk);
      sizeBytes += chunk.length;
    }
    const digest = parseDigest(`sha256:${hash.digest('hex')}`);
    const repositories = candidatesOf(store, diffID, position, manifests).find((one) => one.digest === digest)?.repositories ?? [];
    const there = await findOne(push, { digest, sizeBytes, compression: as, repositories, made: true }, () => true);
    if (there !== undefined) return there;
    listener.sending?.(diffID, sizeBytes);
    await target.putBlob({ digest, sizeBytes, open: () => checkEach(fileChunks(spool, 0, sizeBytes), push.goOn) }, (count) => listener.bytes?.(diffID, count));
    return { descriptor: { mediaType: layerMediaTypeOf(push.mediaType, as), digest, size: sizeBytes }, outcome: { kind: 'sent', sizeBytes } };
  } catch (error) {
    throw wrap(error, `send layer ${hexOf(diffID).slice(0, 12)}`);
  } finally {
    closeSync(spool);
  }
}

/** Ends a stream at its next chunk where the push has failed elsewhere. */
async function* checkEach(source: AsyncIterable<Uint8Array>, goOn: () => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    goOn();
    yield chunk;
  }
}
