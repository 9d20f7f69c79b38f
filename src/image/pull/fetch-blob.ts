/** One blob from a registry into the blob area: from where it was left, again after a cut, never longer than it may be. */
import { setTimeout as delay } from 'node:timers/promises';
import { SkiffError } from '../../lib/errors.ts';
import type { Digest } from '../../oci/ids.ts';
import { isTemporary, registryErrorOf } from '../../registry/errors.ts';
import { stallNoticeMs } from '../../registry/http.ts';
import type { RegistryClient, Repository } from '../../registry/index.ts';
import { retryDelayMs } from '../../registry/retry.ts';
import type { Download } from '../../storage/blob-area.ts';

/** Attempts without any progress worth the name. */
const maxAttempts = 5;
const progressBytes = 1024 * 1024;
/** Pieces are gathered before they are written, for a registry sends many small ones: so many bytes, and not for longer than that. */
const writeBytes = 256 * 1024;
const writeMs = 250;

export interface BlobFetch {
  readonly client: RegistryClient;
  readonly repository: Repository;
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly signal: AbortSignal;
  /** So many bytes are on the disk. */
  readonly onBytes: (doneBytes: number) => void;
  /** Another attempt will be made. */
  readonly onRetry: (reason: string) => void;
  /** Nothing comes for so long, by default stallNoticeMs; what comes then is told as always. */
  readonly onStall: (ms: number) => void;
  readonly stallMs?: number;
}

/**
 * Downloads what is missing, and finishes. After a failure what came is kept, unless it can't be the blob.
 * @throws RegistryError, DIGEST_MISMATCH (a size), NO_SPACE, the signal's reason
 */
export async function fetchBlobInto(download: Download, fetch: BlobFetch): Promise<void> {
  const { sizeBytes, signal } = fetch;
  const written = { bytes: download.haveBytes };
  try {
    for (let attempt = 1, from = written.bytes; written.bytes < sizeBytes; attempt++) {
      try {
        await fetchFrom(written.bytes, download, fetch, (count) => { written.bytes += count; });
        if (written.bytes < sizeBytes) throw new Cut(fetch, written.bytes);
      } catch (error) {
        signal.throwIfAborted();
        if (written.bytes - from >= progressBytes) [attempt, from] = [1, written.bytes];
        if (!(error instanceof Cut || isTemporary(error)) || attempt >= maxAttempts) throw error;
        const waitMs = retryDelayMs(attempt, registryErrorOf(error)?.retryAfterMs, Math.random, fetch.client.retryDelayMs);
        if (waitMs === undefined) throw error;
        fetch.onRetry(error instanceof Error ? error.message : String(error));
        await delay(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
    }
    download.finish();
  } catch (error) {
    if (error instanceof WrongSize) download.discard();
    throw error;
  } finally {
    download.close();
  }
}

/** The body ended too early, as if that were all: a proxy's way of failing. */
class Cut extends SkiffError {
  constructor({ digest, sizeBytes }: BlobFetch, at: number) {
    super('REGISTRY_FAILED', `layer ${digest}: the registry's answer ended at ${at} of ${sizeBytes} bytes`);
  }
}

class WrongSize extends SkiffError {
  constructor({ digest, sizeBytes }: BlobFetch, found: string) {
    super('DIGEST_MISMATCH', `layer ${digest} has ${found} bytes, its descriptor says ${sizeBytes}`, { data: { layer: digest } });
  }
}

async function fetchFrom(offset: number, download: Download, fetch: BlobFetch, count: (bytes: number) => void): Promise<void> {
  const { client, repository, digest, sizeBytes } = fetch;
  const { body, offset: given, totalBytes } = await client.fetchBlob(repository, digest, offset);
  if (given > offset) throw new SkiffError('REGISTRY_FAILED', `layer ${digest}: asked for bytes from ${offset} on, the registry sent those from ${given}`);
  if (totalBytes !== undefined && totalBytes !== sizeBytes) {
    await close(body);
    throw new WrongSize(fetch, String(totalBytes));
  }
  // A registry without ranges sends all again: by the digest it is the same, so what is there is passed over.
  let skip = offset - given;
  let at = offset;
  let pieces: Uint8Array[] = [];
  let gathered = 0;
  let writtenAt = Date.now();
  const write = (): void => {
    writtenAt = Date.now();
    const [written, bytes] = [pieces, gathered];
    [pieces, gathered] = [[], 0];
    if (bytes === 0) return;
    download.append(written);
    count(bytes);
    fetch.onBytes(at);
  };
  const { stallMs = stallNoticeMs } = fetch;
  const stall = setTimeout(() => fetch.onStall(stallMs), stallMs);
  try {
    for await (const chunk of body) {
      stall.refresh();
      const piece = skip === 0 ? chunk : chunk.subarray(Math.min(skip, chunk.length));
      skip -= chunk.length - piece.length;
      at += piece.length;
      if (at > sizeBytes) throw new WrongSize(fetch, `more than ${sizeBytes}`);
      pieces.push(piece);
      gathered += piece.length;
      if (gathered >= writeBytes || Date.now() - writtenAt >= writeMs) write();
    }
  } catch (error) {
    write();
    throw error;
  } finally {
    clearTimeout(stall);
  }
  write();
}

/** An open body holds its connection. */
async function close(body: AsyncIterable<Uint8Array>): Promise<void> {
  await body[Symbol.asyncIterator]().return?.();
}
