/**
 * Adding layers to the store. Each is unpacked by a worker that is confined to the new layer's folder, in the order
 *   stage (overlay2/<cache-id>, layerdb/tmp/skiff-<cache-id>) -> unpack -> check digests -> sync -> publish (one rename)
 * so that a cut anywhere leaves the old state and garbage which the sweeper knows.
 */
import { availableParallelism } from 'node:os';
import { closeSync, renameSync } from 'node:fs';
import type { Lock } from '../host/locks.ts';
import { startWorker } from '../host/worker.ts';
import { SkiffError, wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import type { CacheID, ChainID, DiffID, Digest } from '../oci/ids.ts';
import { chainIDs, parseChainID, parseDiffID, parseDigest } from '../oci/ids.ts';
import { lockChain, lockChainLater } from './chain-lock.ts';
import { sweepOnce } from './gc.ts';
import type { AppliedLayer, Store } from './index.ts';
import type { Lease } from './lease.ts';
import { leaseLayers } from './lease.ts';
import { hasLayer, maxLayerDepth, readChain, readLayer } from './layerdb.ts';
import { layerdbFiles } from './layout.ts';
import { mendSplit } from './mend-split.ts';
import type { Stage } from './stage.ts';
import { describeStage, discardStage, openStage, openStageFile, openUnnamedFile, publishStage, syncStages } from './stage.ts';
import type { UnpackWorkerRequest } from './unpack-worker.ts';
import type { UnpackResult } from './unpack/layer.ts';

/**
 * A file that is still being written, `sizeBytes` long in the end. `grown` is the reading end of a pipe: a byte in it tells of more,
 * its end that no more will come. Both are closed after use.
 */
export interface GrowingFile { readonly fd: number; readonly sizeBytes: number; readonly grown: number }

/** A tar, plain or compressed with gzip or zstd: a descriptor (read from its offset, stays the caller's), a stream, or a growing file. */
export type LayerInput = number | AsyncIterable<Uint8Array> | GrowingFile;

export interface LayerToApply {
  /** Opened when the layer's turn comes; not at all where the layer is in the store. Descriptors that it opens are closed afterwards. */
  readonly open: () => LayerInput | Promise<LayerInput>;
  readonly expectedDiffID: DiffID;
  /** Of the bytes as they come. */
  readonly expectedDigest?: Digest | undefined;
  /** Length of the bytes as they come: by it a decompression bomb is told. */
  readonly declaredBytes?: number | undefined;
  /** Under which an error names it (data.layer), where that is not expectedDigest. */
  readonly blob?: Digest | undefined;
}

/**
 * What keeps new layers from being taken for garbage until something refers to them. By default nothing after the call: give
 * one where an image is to be made of them, and release it after putImage, or abandon it.
 */
export interface ApplyOptions {
  readonly lease?: Lease | undefined;
  /** Stops the unpacking: what was made is discarded and the signal's reason thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Of applyLayers: a layer is unpacked, or was there already (added: false). */
  readonly onLayer?: ((chainID: ChainID, added: boolean) => void) | undefined;
}

/**
 * Adds one layer on top of `parent`. Where expectedDiffID is given and the layer is there, nothing is read.
 * @throws DIGEST_MISMATCH, ARCHIVE_INVALID, ARCHIVE_TRUNCATED, NO_SPACE, NOT_FOUND (the parent): in each case nothing is kept
 */
export async function applyLayer(store: Store, layer: {
  parent: ChainID | undefined; source: LayerInput; expectedDiffID?: DiffID | undefined; expectedDigest?: Digest | undefined;
}, options: ApplyOptions = {}): Promise<AppliedLayer> {
  const { parent, source, expectedDiffID, expectedDigest } = layer;
  if (expectedDiffID !== undefined) {
    const [applied] = await applyLayers(store, parent, [{ open: () => source, expectedDiffID, expectedDigest }], { ...options, keepOpen: true });
    return applied as AppliedLayer;
  }
  return withLease(store, options, async (lease) => {
    if (parent !== undefined) lease.add(parent);
    const below = cacheIDOf(store, parent);
    const stage = openStage(store, below);
    return discardingOnError(store, [stage], async () => {
      const facts = await unpack(stage, parent, source, { expectedDigest, signal: options.signal });
      options.signal?.throwIfAborted();
      lease.add(facts.chainID);
      const lock = lockChain(store, facts.chainID, 'exclusive');
      try {
        describeStage(store, stage, { ...facts, parent });
        syncStages(store, [stage]);
        lease.made(facts.chainID);
        return { ...facts, added: publishStage(store, stage, facts.chainID) };
      } finally {
        lock.release();
      }
    });
  });
}

/**
 * Adds layers on top of `base`, base layer first, as many at once as there are cores. Where one fails,
 * none is added. Two processes that want the same layer do it once: the second waits.
 * @throws as applyLayer, the error naming the layer
 */
export async function applyLayers(store: Store, base: ChainID | undefined, layers: readonly LayerToApply[], options: ApplyOptions & { keepOpen?: boolean } = {}): Promise<AppliedLayer[]> {
  const chain = chainOver(base, layers.map((layer) => layer.expectedDiffID));
  // Where one layer fails, the others' workers end at once.
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal]);
  return withLease(store, options, async (lease) => {
    if (base !== undefined) lease.add(base);
    chain.forEach((chainID) => lease.add(chainID));
    let below = cacheIDOf(store, base, layers.length);
    const locks: Lock[] = [];
    const jobs: Job[] = [];
    try {
      return await discardingOnError(store, jobs, async () => {
        const results: (AppliedLayer | Job)[] = [];
        for (const [index, layer] of layers.entries()) {
          const chainID = chain[index] as ChainID;
          const parent = index === 0 ? base : chain[index - 1];
          const present = await presentLayer(store, chainID, locks, signal);
          if (present !== undefined) {
            below = present.cacheID;
            options.onLayer?.(chainID, false);
            results.push({ chainID, diffID: layer.expectedDiffID, digest: undefined, sizeBytes: present.sizeBytes, transferredBytes: 0, added: false, notes: [] });
            continue;
          }
          const job: Job = { ...openStage(store, below), layer, parent, chainID, facts: undefined };
          below = job.cacheID;
          jobs.push(job);
          results.push(job);
        }
        await inParallel(jobs, async (job) => {
          try {
            await runJob(store, job, options.keepOpen === true, signal);
            options.onLayer?.(job.chainID, true);
          } catch (error) {
            stop.abort(error);
            throw error;
          }
        });
        signal.throwIfAborted();
        syncStages(store, jobs);
        for (const job of jobs) lease.made(job.chainID);
        return results.map((result) => ('layer' in result ? { ...(result.facts as Facts), added: publishStage(store, result, result.chainID) } : result));
      });
    } finally {
      for (const lock of locks) lock.release();
    }
  });
}

interface Job extends Stage { readonly layer: LayerToApply; readonly parent: ChainID | undefined; readonly chainID: ChainID; facts: Facts | undefined }
type Facts = Omit<AppliedLayer, 'added'>;

/** The layer where it is in the store. Otherwise its lock is taken, added to `locks`, and kept. Another's unpacking is waited for. */
async function presentLayer(store: Store, chainID: ChainID, locks: Lock[], signal: AbortSignal): Promise<{ cacheID: CacheID; sizeBytes: number } | undefined> {
  const lock = await lockChainLater(store, chainID, signal);
  if (!hasLayer(store, chainID)) {
    locks.push(lock);
    return undefined;
  }
  lock.release();
  return readLayer(store, chainID);
}

async function runJob(store: Store, job: Job, keepOpen: boolean, signal: AbortSignal): Promise<void> {
  const { expectedDigest, expectedDiffID, blob = expectedDigest } = job.layer;
  const input = await job.layer.open();
  try {
    job.facts = await unpack(job, job.parent, input, { ...job.layer, signal });
  } catch (error) {
    signal.throwIfAborted();
    throw wrap(error, `layer ${blob ?? expectedDiffID}`, { data: { ...(error instanceof SkiffError && error.data), layer: blob } });
  } finally {
    if (isGrowing(input)) for (const fd of [input.fd, input.grown]) closeSync(fd);
    else if (typeof input === 'number' && !keepOpen) closeSync(input);
  }
  describeStage(store, job, { ...job.facts, parent: job.parent });
}

function isGrowing(input: LayerInput): input is GrowingFile {
  return typeof input === 'object' && 'grown' in input;
}

interface Expected { expectedDiffID?: DiffID | undefined; expectedDigest?: Digest | undefined; declaredBytes?: number | undefined; signal?: AbortSignal | undefined }

/** Fills a stage and checks what came. For replace-layer.ts. @throws as applyLayer */
export async function unpackStage(stage: Stage, parent: ChainID | undefined, source: LayerInput, expected: { expectedDiffID: DiffID; expectedDigest: Digest; declaredBytes?: number | undefined }): Promise<Facts> {
  return unpack(stage, parent, source, expected);
}

async function unpack(stage: Stage, parent: ChainID | undefined, source: LayerInput, expected: Expected): Promise<Facts> {
  const splitFd = openStageFile(stage, layerdbFiles.tarSplit);
  const stashFd = openUnnamedFile(stage);
  const { declaredBytes, signal } = expected;
  const grows = isGrowing(source);
  const request: UnpackWorkerRequest = grows ? { declaredBytes: source.sizeBytes, grows } : { declaredBytes };
  try {
    const result = await startWorker('unpack-layer', {
      root: stage.diff, input: grows ? source.fd : source, request, extraFds: [splitFd, stashFd, ...(grows ? [source.grown] : [])], signal,
    }) as UnpackResult;
    const digest = parseDigest(`sha256:${result.transferred}`);
    const diffID = parseDiffID(`sha256:${result.uncompressed}`);
    checkDigest('digest', digest, expected.expectedDigest);
    checkDigest('diffID', diffID, expected.expectedDiffID);
    if (result.overwritten.length > 0) {
      const split = join(stage.folder, layerdbFiles.tarSplit);
      await mendSplit(split, `${split}.new`, stashFd, result.overwritten);
      renameSync(`${split}.new`, split);
    }
    return {
      chainID: chainOver(parent, [diffID])[0] as ChainID, diffID, digest,
      sizeBytes: result.sizeBytes, transferredBytes: result.transferredBytes, notes: result.notes,
    };
  } finally {
    closeSync(splitFd);
    closeSync(stashFd);
  }
}

function checkDigest(what: string, found: string, wanted: string | undefined): void {
  if (wanted === undefined || found === wanted) return;
  throw new SkiffError('DIGEST_MISMATCH', `layer has ${what} ${found}, expected ${wanted}`, { data: { found, wanted } });
}

function chainOver(base: ChainID | undefined, diffIDs: readonly DiffID[]): ChainID[] {
  if (base === undefined) return chainIDs(diffIDs);
  // The chain's first member counts as it is, so a chainID may stand where a diffID would.
  return chainIDs([parseDiffID(base), ...diffIDs]).slice(1).map(parseChainID);
}

/** Where the layer is on which `more` are to be put. @throws UNSUPPORTED where that would be too many */
function cacheIDOf(store: Store, chainID: ChainID | undefined, more = 1): CacheID | undefined {
  const chain = chainID === undefined ? [] : readChain(store, chainID);
  if (chain.length + more > maxLayerDepth) throw new SkiffError('UNSUPPORTED', `an image may have ${maxLayerDepth} layers at most`);
  return chain[0]?.cacheID;
}

async function withLease<T>(store: Store, options: ApplyOptions, fn: (lease: Lease) => Promise<T>): Promise<T> {
  sweepOnce(store);
  if (options.lease !== undefined) return fn(options.lease);
  const lease = leaseLayers(store);
  try {
    const result = await fn(lease);
    lease.release();
    return result;
  } catch (error) {
    lease.abandon();
    throw error;
  }
}

async function discardingOnError<T>(store: Store, stages: readonly Stage[], fn: () => Promise<T>): Promise<T> {
  try {
    return await fn();
  } catch (error) {
    for (const stage of stages) discardStage(store, stage);
    throw error;
  }
}

/** Runs all, as many at once as there are cores. After a failure no new one is started; those under way are waited for. */
async function inParallel<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  let failure: { error: unknown } | undefined;
  const work = async (): Promise<void> => {
    for (const item of queue) {
      if (failure !== undefined) return;
      try {
        await run(item);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(items.length, availableParallelism()) }, work));
  if (failure !== undefined) throw failure.error;
}
