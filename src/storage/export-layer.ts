/**
 * Layers as tar streams: a stored one as it came, bit for bit; a container's changes as a new one; and the list of those
 * changes. The reading is done by confined workers, because names and links in the trees are whatever untrusted programs made.
 */
import { closeSync, openSync } from 'node:fs';
import { relative } from 'node:path';
import { Readable } from 'node:stream';
import { widePipe, widePipeBytes } from '../host/descriptors.ts';
import { readableFrom } from '../host/pipes.ts';
import type { WorkerOptions } from '../host/worker.ts';
import { startWorker } from '../host/worker.ts';
import { SkiffError, isErrno, wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import type { ChainID, ContainerID } from '../oci/ids.ts';
import { containerDiffs, containerMount } from './container-layers.ts';
import type { Change, Store } from './index.ts';
import { cacheIDs, readPlace } from './layerdb.ts';
import { layerFiles, layerdbFiles, repairHint } from './layout.ts';
import type { PackRequest } from './pack-worker.ts';
import type { ChangesResult } from './pack/changes.ts';

/**
 * The layer's tar: its sha256 is the diffID. The worker starts at the first read; destroy the stream to end it early.
 * Fails (as a stream does) with STORE_CORRUPT where the tree no longer has what it was made from, NOT_FOUND where there is no
 * such layer.
 */
export function layerTar(store: Store, chainID: ChainID): Readable {
  return storedLayer(store, chainID, { kind: 'layer' });
}

function storedLayer(store: Store, chainID: ChainID, request: PackRequest): Readable {
  return tarStream(`read layer ${chainID}`, () => {
    const { cacheID } = readPlace(store, chainID);
    const splitFd = openSplit(store, chainID);
    return { root: join(store.layout.layerDir(cacheID), layerFiles.diff), request, fds: [splitFd] };
  });
}

/**
 * The same compressed with gzip, by the worker itself: what crosses the pipe is a third, and nobody copies the rest twice.
 * The bytes are those that gzipChunks (pack/gzip.ts) makes of layerTar. `level` as there.
 */
export function layerGzip(store: Store, chainID: ChainID, level?: number): Readable {
  return storedLayer(store, chainID, { kind: 'layer', gzip: { level } });
}

/** The tar of what the container changed: a layer on top of its image. Deterministic. As layerTar else. */
export function diffTar(store: Store, id: ContainerID): Readable {
  return tarStream('read container layer', () => ({ root: containerMount(store, id).upper, request: { kind: 'diff' }, fds: [] }));
}

/** What the container changed, and how many bytes it wrote. */
export async function containerChanges(store: Store, id: ContainerID): Promise<ChangesResult> {
  return changesOfTop(store, containerDiffs(store, id));
}

/** What a layer changed against those below it. @throws NOT_FOUND */
export async function layerChanges(store: Store, chainID: ChainID): Promise<ChangesResult> {
  return changesOfTop(store, layerDiffs(store, chainID));
}

/** Absolute paths of the folders of a layer and of those below it, topmost first. @throws NOT_FOUND, STORE_CORRUPT */
export function layerDiffs(store: Store, top: ChainID): string[] {
  return cacheIDs(store, top).map((cacheID) => join(store.layout.layerDir(cacheID), layerFiles.diff));
}

/** What the stack of layers `to` shows otherwise than `from` does; both topmost first (layerDiffs, containerDiffs). */
export async function compareLayers(store: Store, from: readonly string[], to: readonly string[]): Promise<Change[]> {
  const request = { kind: 'compare', from: from.map(inWorker(store)), to: to.map(inWorker(store)) };
  return await startWorker('pack-layer', { root: store.layout.overlay, request }) as Change[];
}

async function changesOfTop(store: Store, diffs: readonly string[]): Promise<ChangesResult> {
  const [upper, ...lowers] = diffs.map(inWorker(store));
  return await startWorker('pack-layer', { root: store.layout.overlay, request: { kind: 'changes', upper, lowers } }) as ChangesResult;
}

function inWorker(store: Store): (path: string) => string {
  return (path) => `/${relative(store.layout.overlay, path)}`;
}

interface Job extends Pick<WorkerOptions, 'root'> { request: PackRequest; fds: number[] }

function tarStream(what: string, prepare: () => Job): Readable {
  return Readable.from(chunks(what, prepare), { objectMode: false, highWaterMark: 256 * 1024 });
}

async function* chunks(what: string, prepare: () => Job): AsyncGenerator<Buffer> {
  const { fds, ...job } = prepare();
  const [readEnd, writeEnd] = widePipe();
  const worker = startWorker('pack-layer', { ...job, extraFds: [writeEnd, ...fds] }).then(() => undefined, (error: unknown) => ({ error }));
  // The worker has its own by now; with ours open the pipe would never end.
  for (const fd of [writeEnd, ...fds]) closeSync(fd);
  const stream = await readableFrom(readEnd, widePipeBytes);
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) yield chunk;
    const failure = await worker;
    if (failure !== undefined) throw wrap(failure.error, what);
  } finally {
    stream.destroy();
  }
}

function openSplit(store: Store, chainID: ChainID): number {
  try {
    return openSync(join(store.layout.layer(chainID), layerdbFiles.tarSplit), 'r');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) throw new SkiffError('STORE_CORRUPT', `layer ${chainID} is damaged: "${layerdbFiles.tarSplit}" is missing`, { hint: repairHint });
    throw wrap(error, `read layer ${chainID}`);
  }
}
