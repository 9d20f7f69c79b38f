/**
 * Uploads of blobs: POST, one streamed PATCH, PUT. Registries that refuse a body of unknown length get it in chunks. After a
 * temporary failure the upload starts again from its first byte, with a session of its own.
 *
 * @see distribution-spec spec.md "Pushing blobs"
 */
import { createHash } from 'node:crypto';
import { SkiffError } from '../lib/errors.ts';
import { log } from '../lib/log.ts';
import { algorithmOf } from '../oci/digest.ts';
import { type Digest, parseDigest } from '../oci/ids.ts';
import type { Place } from './connections.ts';
import { isTemporary, RegistryError, registryErrorOf } from './errors.ts';
import type { HttpAnswer } from './http.ts';
import type { BlobSource } from './index.ts';
import { withRetries } from './retry.ts';

export interface Uploads {
  mount(place: Place, digest: Digest, from: string): Promise<boolean>;
  upload(place: Place, source: BlobSource, onBytes: (count: number) => void): Promise<{ digest: Digest; sizeBytes: number }>;
}

interface Session { url: URL; readonly minChunkBytes: number }

const octets = { 'content-type': 'application/octet-stream' };
/** Closing an upload lets some registries copy the whole blob. */
const closeTimeoutMs = 300_000;
const chunkBytes = 16 * 1024 * 1024;
/** The largest chunk that a registry may insist on: one is held in memory. */
const maxChunkBytes = 64 * 1024 * 1024;
/** What refuses a stream, but may take chunks: 411 wants lengths, 413 limits them, 416 wants Content-Range. */
const chunkStatuses: ReadonlySet<number | undefined> = new Set([411, 413, 416]);

export function openUploads({ attempts, delayMs }: { attempts: number; delayMs?: number | undefined }, signal?: AbortSignal): Uploads {
  /** Sessions that a refused mount has opened, for the next upload to that repository. */
  const spare = new Map<string, Session[]>();
  const wantChunks = new Set<string>();

  const start = async (place: Place): Promise<Session> => {
    const left = spare.get(place.base)?.pop();
    if (left !== undefined) return left;
    return sessionOf(place, await place.transport.send({ method: 'POST', target: `${place.base}/blobs/uploads/`, body: Buffer.alloc(0), scopes: [place.push], expect: [202], attempts: 1 }));
  };

  const once = async (place: Place, source: BlobSource, onBytes: (count: number) => void): Promise<{ digest: Digest; sizeBytes: number }> => {
    const session = await start(place);
    const isChunked = wantChunks.has(place.base);
    const hash = createHash(source.digest === undefined ? 'sha256' : algorithmOf(source.digest));
    let sizeBytes = 0;
    let countedBytes = 0;
    let sourceFailure: { error: unknown } | undefined;
    async function* counted(): AsyncGenerator<Uint8Array> {
      try {
        for await (const piece of source.open()) {
          hash.update(piece);
          sizeBytes += piece.length;
          yield piece;
          countedBytes += piece.length;
          onBytes(piece.length);
        }
      } catch (error) {
        sourceFailure = { error };
        throw error;
      }
    }
    try {
      if (isChunked) await sendChunks(place, session, counted());
      else await sendStream(place, session, counted, source.sizeBytes);
      const digest = parseDigest(`${source.digest === undefined ? 'sha256' : algorithmOf(source.digest)}:${hash.digest('hex')}`);
      if (source.digest !== undefined && digest !== source.digest) throw new SkiffError('DIGEST_MISMATCH', `blob to upload has digest ${digest}, expected ${source.digest}`);
      await close(place, session, digest);
      return { digest, sizeBytes };
    } catch (thrown) {
      // What the source says is not the network's word.
      const error = sourceFailure === undefined ? thrown : sourceFailure.error;
      onBytes(-countedBytes);
      await cancel(place, session, error, signal);
      if (!isChunked && chunkStatuses.has(registryErrorOf(error)?.status)) {
        log.debug(`${place.base}: the registry takes no stream, sending chunks`);
        wantChunks.add(place.base);
        return once(place, source, onBytes);
      }
      throw error;
    }
  };

  return {
    async mount(place, digest, from) {
      const target = `${place.base}/blobs/uploads/?mount=${digest}&from=${encodeURIComponent(from)}`;
      let answer: HttpAnswer;
      try {
        answer = await place.transport.send({ method: 'POST', target, body: Buffer.alloc(0), scopes: [place.push, `repository:${from}:pull`], expect: [201, 202] });
      } catch (error) {
        // No right to the other repository, no such blob, no mounts here: whatever it is, an upload will tell.
        const failure = registryErrorOf(error);
        if (failure?.stage === 'answer' && !failure.temporary) return false;
        throw error;
      }
      if (answer.status === 202) spare.set(place.base, [...(spare.get(place.base) ?? []), await sessionOf(place, answer)]);
      else await answer.discard();
      return answer.status === 201;
    },
    upload: (place, source, onBytes) => withRetries(attempts, signal, () => once(place, source, onBytes), () => true, delayMs),
  };
}

async function sessionOf(place: Place, answer: HttpAnswer): Promise<Session> {
  await answer.discard();
  const least = answer.header('oci-chunk-min-length');
  const minChunkBytes = least !== undefined && /^\d{1,15}$/.test(least) ? Number(least) : 0;
  if (minChunkBytes > maxChunkBytes) throw new RegistryError(`the registry wants chunks of ${minChunkBytes} bytes, at most ${maxChunkBytes} are sent`, { method: answer.method, url: answer.url, stage: 'answer', temporary: false });
  return { url: nextLocation(place, answer), minChunkBytes };
}

/** Every answer of an upload names where to go on. */
function nextLocation(place: Place, answer: HttpAnswer): URL {
  const location = answer.header('location');
  if (location === undefined) throw new RegistryError('the registry names no location for the upload', { method: answer.method, url: answer.url, stage: 'answer', temporary: false });
  return place.transport.resolve(location, answer.url);
}

async function sendStream(place: Place, session: Session, open: () => AsyncIterable<Uint8Array>, sizeBytes: number | undefined): Promise<void> {
  let isOpened = false;
  const answer = await place.transport.send({
    method: 'PATCH', target: session.url, headers: { ...octets, ...(sizeBytes !== undefined && { 'content-length': String(sizeBytes) }) },
    body: () => {
      // A second reading (a token that expired, a redirect) would be counted and hashed twice: the whole upload starts again.
      if (isOpened) throw new RegistryError('the upload was interrupted', { method: 'PATCH', url: session.url, stage: 'exchange', temporary: true });
      isOpened = true;
      return open();
    },
    scopes: [place.push], expect: [202, 201, 204], attempts: 1, answerTimeoutMs: closeTimeoutMs,
  });
  await answer.discard();
  session.url = nextLocation(place, answer);
}

async function sendChunks(place: Place, session: Session, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const size = Math.max(chunkBytes, session.minChunkBytes);
  let start = 0;
  for await (const chunk of chunksOf(pieces, size)) {
    const answer = await place.transport.send({
      method: 'PATCH', target: session.url, headers: { ...octets, 'content-length': String(chunk.length), 'content-range': `${start}-${start + chunk.length - 1}` },
      body: chunk, scopes: [place.push], expect: [202, 201, 204], attempts: 1, answerTimeoutMs: closeTimeoutMs,
    });
    await answer.discard();
    session.url = nextLocation(place, answer);
    start += chunk.length;
  }
}

async function* chunksOf(pieces: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Buffer> {
  let waiting: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      const part = piece.subarray(at, at + size - length);
      waiting.push(part);
      length += part.length;
      at += part.length;
      if (length < size) continue;
      yield Buffer.concat(waiting, length);
      waiting = [];
      length = 0;
    }
  }
  if (length > 0) yield Buffer.concat(waiting, length);
}

async function close(place: Place, session: Session, digest: Digest): Promise<void> {
  const url = new URL(session.url);
  // Appended by hand: the registry's own query must stay as it was written, byte for byte.
  url.search = `${url.search === '' ? '?' : `${url.search}&`}digest=${digest}`;
  const answer = await place.transport.send({
    method: 'PUT', target: url, headers: { ...octets, 'content-length': '0' }, body: Buffer.alloc(0), scopes: [place.push], expect: [201, 204], codes: { 400: 'DIGEST_MISMATCH' }, attempts: 1, answerTimeoutMs: closeTimeoutMs,
  });
  await answer.discard();
  const said = answer.header('docker-content-digest');
  if (said !== undefined && said !== digest) {
    throw new RegistryError(`the registry stored ${JSON.stringify(said.slice(0, 150))} for ${digest}`, { code: 'DIGEST_MISMATCH', method: 'PUT', url: answer.url, stage: 'answer', status: answer.status, temporary: false });
  }
}

/** Lets the registry drop what it has of a failed upload. After a temporary failure it may be out of reach, and expires by itself. */
async function cancel(place: Place, session: Session, error: unknown, signal: AbortSignal | undefined): Promise<void> {
  if (isTemporary(error) || signal?.aborted === true) return;
  try {
    await (await place.transport.send({ method: 'DELETE', target: session.url, scopes: [place.push], expect: [200, 202, 204, 404, 405], attempts: 1 })).discard();
  } catch (second) {
    log.debug(`upload not cancelled: ${second instanceof Error ? second.message : String(second)}`);
  }
}

