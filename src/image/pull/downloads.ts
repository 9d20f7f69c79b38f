/**
 * The layers of one pull on their way: some at once, ahead of the unpacking, which follows each file while it grows. What is ahead
 * waits on the disk. A blob that another process downloads is waited for without one of our places, and then used.
 *
 * A download never waits for anything but its registry, so that whoever waits for one gets it.
 */
import { createReadStream, closeSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { pipe } from '../../host/descriptors.ts';
import { keepYoungHeapSmall } from '../../host/young-heap.ts';
import { SkiffError, isCode, isErrno } from '../../lib/errors.ts';
import type { Limiter } from '../../lib/limit.ts';
import { limiter } from '../../lib/limit.ts';
import { log } from '../../lib/log.ts';
import { checkDigest } from '../../oci/digest.ts';
import type { Digest } from '../../oci/ids.ts';
import type { RegistryClient, Repository } from '../../registry/index.ts';
import type { LayerInput } from '../../storage/apply-layer.ts';
import type { BlobUse, ClaimedBlob, Download } from '../../storage/blob-area.ts';
import { beginDownload, dropBlob, openBlob, requireRoomFor, useBlob } from '../../storage/blob-area.ts';
import type { Store } from '../../storage/index.ts';
import type { LayerState, OnPullEvent } from './events.ts';
import { fetchBlobInto } from './fetch-blob.ts';

/** As many as Podman has. */
const maxAtOnce = 6;
const lookAgainMs = 100;
/** Who follows is told at most so often, for a pipe holds 65536 bytes and nobody may wait for room in it. */
const maxTellings = 4096;

export interface WantedBlob extends ClaimedBlob {
  /** False once the layer is in the store by another's doing: then the blob is left alone. */
  readonly wanted: () => boolean;
}

export interface DownloadsOptions {
  readonly store: Store;
  readonly client: RegistryClient;
  readonly repository: Repository;
  readonly onEvent: OnPullEvent;
  readonly signal: AbortSignal;
  /** Called with the first failure, which ends the pull. */
  readonly onFailure: (error: unknown) => void;
}

interface Blob extends WantedBlob {
  readonly use: BlobUse;
  state: 'queued' | 'downloading' | 'finished' | 'unwanted' | 'failed';
  download: Download | undefined;
  /** Some bytes were there before this pull. */
  stale: boolean;
  /** Writing ends of the pipes of those who follow. */
  readonly followers: Set<number>;
  toldAt: number;
  /** Settles when there is something to read, or nothing to be expected any more. Never rejects. */
  ready: Promise<void>;
  /** Settles when the download is over, whatever came of it. Never rejects. */
  over: Promise<void>;
}

export class Downloads {
  readonly #options: DownloadsOptions;
  readonly #limit: Limiter = limiter(maxAtOnce);
  readonly #blobs = new Map<Digest, Blob>();

  constructor(options: DownloadsOptions) {
    this.#options = options;
  }

  /**
   * Wants blobs, and begins to get them where there is room for all of them. Those that are wanted already are got once.
   * @throws what useBlob and requireRoomFor throw
   */
  add(wanted: readonly WantedBlob[]): void {
    const settled = Promise.resolve();
    const added: Blob[] = [];
    for (const one of wanted) {
      if (this.#blobs.has(one.digest)) continue;
      const blob: Blob = {
        ...one, use: useBlob(this.#options.store, one.digest), state: 'queued', download: undefined, stale: false, followers: new Set(), toldAt: 0, ready: settled, over: settled,
      };
      this.#blobs.set(one.digest, blob);
      added.push(blob);
    }
    requireRoomFor(this.#options.store, added);
    for (const blob of added) this.#start(blob);
  }

  /** What unpacking reads: the file as it grows, or all of it. Waits until there is a beginning. @throws the signal's reason, NOT_FOUND */
  async open(digest: Digest): Promise<LayerInput> {
    const blob = this.#blob(digest);
    for (;;) {
      await blob.ready;
      this.#options.signal.throwIfAborted();
      if (blob.state === 'downloading' && blob.download !== undefined) return this.#follow(blob, blob.download);
      if (blob.state === 'finished') {
        this.#tell(blob, 'extracting', blob.sizeBytes);
        try {
          return openBlob(this.#options.store, digest);
        } catch (error) {
          // Another pull found it damaged.
          if (!isCode(error, 'NOT_FOUND')) throw error;
        }
      }
      // The layer had come by another's doing and is gone again.
      this.#start(Object.assign(blob, { wanted: () => true }));
    }
  }

  /** For who can't follow a file: all of it, checked by the caller. */
  async *stream(digest: Digest): AsyncGenerator<Uint8Array> {
    const blob = this.#blob(digest);
    await blob.over;
    this.#options.signal.throwIfAborted();
    yield* createReadStream('', { fd: openBlob(this.#options.store, digest), highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>;
  }

  /**
   * After a layer turned out wrong: drops its blob, and tells whether it was what its digest says. 'stale': it was not, and a part of
   * it was there before this pull (a power cut may have eaten it), so that another attempt may do.
   */
  async verify(digest: Digest): Promise<'right' | 'wrong' | 'stale'> {
    const blob = this.#blobs.get(digest);
    if (blob === undefined) return 'right';
    await blob.over;
    if (blob.state !== 'finished') return 'right';
    const check = checkDigest(digest);
    try {
      for await (const chunk of createReadStream('', { fd: openBlob(this.#options.store, digest), highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) check.update(chunk);
      check.end(`layer ${digest}`);
      return 'right';
    } catch (error) {
      if (!isCode(error, 'DIGEST_MISMATCH', 'NOT_FOUND')) throw error;
      return blob.stale ? 'stale' : 'wrong';
    } finally {
      dropBlob(this.#options.store, digest);
    }
  }

  /** Ends it, after the signal where downloads are under way. `drop`: all layers are in the store. */
  async close(drop: boolean): Promise<void> {
    const { signal } = this.#options;
    for (const blob of this.#blobs.values()) {
      if (drop || signal.aborted) await blob.over;
      try {
        blob.use.release(drop);
      } catch (error) {
        // What is left behind is removed by a later pull; this one has done what it was for.
        log.warn(error instanceof Error ? error.message : String(error));
      }
    }
  }

  #blob(digest: Digest): Blob {
    const blob = this.#blobs.get(digest);
    if (blob === undefined) throw new SkiffError('INTERNAL', `layer ${digest} was never wanted`);
    return blob;
  }

  #start(blob: Blob): void {
    this.#blobs.set(blob.digest, blob);
    blob.state = 'queued';
    let isReady = (): void => {};
    blob.ready = new Promise((resolve) => { isReady = resolve; });
    blob.over = this.#run(blob, isReady).then(
      () => { this.#tell(blob, blob.followers.size > 0 ? 'extracting' : 'downloaded', blob.sizeBytes); },
      (error: unknown) => {
        blob.state = 'failed';
        this.#options.onFailure(error);
      },
    ).finally(() => {
      blob.download = undefined;
      for (const fd of blob.followers) closeSync(fd);
      blob.followers.clear();
      isReady();
    });
  }

  async #run(blob: Blob, isReady: () => void): Promise<void> {
    const { store, signal } = this.#options;
    for (let announced = false; ;) {
      const done = await this.#limit(async () => {
        signal.throwIfAborted();
        if (!blob.wanted()) {
          blob.state = 'unwanted';
          return true;
        }
        const begun = beginDownload(store, blob.digest, blob.sizeBytes);
        if (begun === undefined) return false;
        if (begun === 'finished') {
          // By another process just now, or by a pull that failed.
          blob.stale = true;
          blob.state = 'finished';
          return true;
        }
        await this.#fetch(blob, begun, isReady);
        return true;
      });
      if (done) return;
      if (!announced) this.#tell(blob, 'waiting', 0);
      announced = true;
      await delay(lookAgainMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  async #fetch(blob: Blob, download: Download, isReady: () => void): Promise<void> {
    const { client, repository, signal } = this.#options;
    const { digest, sizeBytes } = blob;
    blob.stale = download.haveBytes > 0;
    blob.download = download;
    blob.state = 'downloading';
    blob.toldAt = download.haveBytes;
    this.#tell(blob, 'downloading', download.haveBytes);
    isReady();
    await keepYoungHeapSmall();
    await fetchBlobInto(download, {
      client, repository, digest, sizeBytes, signal,
      onBytes: (doneBytes) => {
        this.#tell(blob, 'downloading', doneBytes);
        if (doneBytes - blob.toldAt < sizeBytes / maxTellings) return;
        blob.toldAt = doneBytes;
        for (const fd of blob.followers) wake(fd);
      },
      onRetry: (reason) => this.#tell(blob, 'retrying', blob.toldAt, reason),
      onStall: (ms) => this.#tell(blob, 'stalled', blob.toldAt, `no data for ${ms / 1000} s`),
    });
    blob.state = 'finished';
  }

  #follow(blob: Blob, download: Download): LayerInput {
    const fd = download.open();
    const [grown, told] = pipe();
    blob.followers.add(told);
    return { fd, sizeBytes: blob.sizeBytes, grown };
  }

  #tell(blob: Blob, state: LayerState, doneBytes: number, reason?: string): void {
    if (blob.state === 'unwanted') return;
    this.#options.onEvent({ kind: 'layer', digest: blob.digest, state, doneBytes, sizeBytes: blob.sizeBytes, ...(reason !== undefined && { reason }) });
  }
}

/** A reader that ended is not our failure: its own is told elsewhere. */
function wake(fd: number): void {
  try {
    writeSync(fd, '.');
  } catch (error) {
    if (!isErrno(error, 'EPIPE')) throw error;
  }
}
