/**
 * A layer as it comes in: compressed or not, found by its first bytes and never by what anyone says about it; hashed as it
 * came and as it is unpacked. Decompression is in-process: no program of the machine, let alone of an image, is run.
 */
import type { Hash } from 'node:crypto';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Readable, pipeline } from 'node:stream';
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import type { ZstdDecode } from '../../host/zstd.ts';
import { openZstd } from '../../host/zstd.ts';
import { SkiffError, wrap } from '../../lib/errors.ts';
import type { Compression } from '../index.ts';
import { ZstdFrameGuard, maxWindowBytes } from './zstd-frames.ts';

const readBytes = 256 * 1024;
const inflateBytes = 128 * 1024;
const scriptBytes = 16_384;
/** A block is four bytes at least (a header and one byte to repeat) and 128 KiB at most when it is out. */
const maxBlocksAtOnce = 16;

/** What was read, known at the end. */
export interface SourceSums {
  compression: Compression;
  /** sha256, hex, of the bytes as they came. */
  transferred: string;
  transferredBytes: number;
  /** sha256, hex, of the tar. */
  uncompressed: string;
}

/** A stream's bytes in, its tar's out; memory is the window and a few chunks. */
type Decode = (chunks: AsyncIterable<Buffer>) => AsyncIterable<Buffer>;
export interface Decoders { readonly zstd: Decode }

/** Loads what decoding needs. To be called before the worker pivots: afterwards no module and no library can be found. */
export async function loadDecoders(): Promise<Decoders> {
  const native = (zlib as { createZstdDecompress?: (options: object) => Transform }).createZstdDecompress;
  if (native !== undefined) return { zstd: (chunks) => throughStream(chunks, native({ chunkSize: inflateBytes, params: { 100: Math.log2(maxWindowBytes) } })) };
  const library = openZstd();
  if (library !== undefined) {
    let first: ZstdDecode | undefined = library;
    return { zstd: (chunks) => {
      const decode = first ?? openZstd();
      first = undefined;
      if (decode === undefined) throw new SkiffError('INTERNAL', 'libzstd is gone');
      return zstdByLibrary(chunks, decode);
    } };
  }
  const { Decompress } = await import('fzstd');
  return { zstd: (chunks) => zstdByScript(chunks, Decompress) };
}

/** A descriptor, read to its end and left open, or chunks as they come. */
export type SourceInput = number | AsyncIterable<Buffer>;

/**
 * Gives every chunk of the tar to `push`, and returns the sums.
 * @throws ARCHIVE_TRUNCATED, ARCHIVE_INVALID, IO, and what push throws
 */
export async function readSource(source: SourceInput, decoders: Decoders, push: (chunk: Buffer) => Promise<void> | void): Promise<SourceSums> {
  const input = new HashedInput(source);
  const compression = await input.sniff();
  const uncompressed = createHash('sha256');
  if (compression === 'none') {
    for await (const chunk of input.chunks()) await push(chunk);
    const sum = input.hash.digest('hex');
    return { compression, transferred: sum, transferredBytes: input.bytes, uncompressed: sum };
  }
  try {
    for await (const chunk of compression === 'gzip' ? throughStream(input.chunks(), zlib.createGunzip({ chunkSize: inflateBytes })) : decoders.zstd(input.chunks())) {
      uncompressed.update(chunk);
      await push(chunk);
    }
  } catch (error) {
    throw explainDecoding(error, compression);
  }
  // Bytes behind the last compressed member belong to the digest, too.
  if (!input.ended) for await (const rest of input.chunks()) void rest;
  return { compression, transferred: input.hash.digest('hex'), transferredBytes: input.bytes, uncompressed: uncompressed.digest('hex') };
}

class HashedInput {
  readonly hash: Hash = createHash('sha256');
  bytes = 0;
  ended = false;
  readonly #stream: AsyncIterator<Buffer>;
  readonly #ahead: Buffer[] = [];

  constructor(source: SourceInput) {
    const chunks = typeof source === 'number' ? createReadStream('', { fd: source, highWaterMark: readBytes, autoClose: false }) as AsyncIterable<Buffer> : source;
    this.#stream = chunks[Symbol.asyncIterator]();
  }

  /** Looks at the first bytes without losing them. */
  async sniff(): Promise<Compression> {
    let head = Buffer.alloc(0);
    while (head.length < 6) {
      const chunk = await this.#next();
      if (chunk === undefined) break;
      this.#ahead.push(chunk);
      head = Buffer.concat([head, chunk.subarray(0, 6)]);
    }
    return compressionOf(head);
  }

  async *chunks(): AsyncGenerator<Buffer> {
    for (;;) {
      const chunk = this.#ahead.shift() ?? await this.#next();
      if (chunk === undefined) return;
      yield chunk;
    }
  }

  async #next(): Promise<Buffer | undefined> {
    if (this.ended) return undefined;
    const result = await this.#stream.next();
    if (result.done === true) {
      this.ended = true;
      return undefined;
    }
    this.hash.update(result.value);
    this.bytes += result.value.length;
    return result.value;
  }
}

/** By magic number. @throws UNSUPPORTED for xz and bzip2 */
export function compressionOf(head: Buffer): Compression {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528) return 'zstd';
  // A zstd stream may begin with a skippable frame (zstd:chunked does not, but may).
  if (head.length >= 4 && (head.readUInt32LE(0) & 0xffff_fff0) >>> 0 === 0x184d2a50) return 'zstd';
  const other = foreignCompression(head);
  if (other !== undefined) throw new SkiffError('UNSUPPORTED', `layers compressed with ${other} are not read`, { hint: `decompress it first: ${other} -d` });
  return 'none';
}

/** By magic number: what is not decompressed in-process, and never in a worker. */
export function foreignCompression(head: Buffer): 'xz' | 'bzip2' | undefined {
  const text = head.toString('latin1', 0, 6);
  return text === '\xfd7zXZ\0' ? 'xz' : text.startsWith('BZh') ? 'bzip2' : undefined;
}

function explainDecoding(error: unknown, compression: Compression): unknown {
  if (error instanceof SkiffError || !(error instanceof Error)) return error;
  const { code } = error as { code?: string };
  // zlib names running out of input Z_BUF_ERROR.
  if (code === 'Z_BUF_ERROR' || error.message.includes('unexpected EOF') || error.message === 'unexpected end of file') return new SkiffError('ARCHIVE_TRUNCATED', `the ${compression} data is truncated`, { cause: error });
  if (code?.startsWith('Z_') === true || code?.startsWith('ERR_ZSTD') === true || code?.startsWith('ZSTD_') === true) return new SkiffError('ARCHIVE_INVALID', `invalid ${compression} data: ${error.message}`, { cause: error });
  return wrap(error, 'read layer');
}

/** Both ends may fail; the decoder's error says more than the aborted reader's, and who stops reading stops both. */
async function* throughStream(chunks: AsyncIterable<Buffer>, decoder: Transform): AsyncGenerator<Buffer> {
  const encoded = Readable.from(chunks, { objectMode: false, highWaterMark: readBytes });
  pipeline(encoded, decoder, () => { /* the error arrives where the decoder is read */ });
  try {
    yield* decoder as AsyncIterable<Buffer>;
  } finally {
    encoded.destroy();
  }
}

export async function* zstdByLibrary(chunks: AsyncIterable<Buffer>, decode: ZstdDecode): AsyncGenerator<Buffer> {
  let isWhole = true;
  for await (const chunk of chunks) {
    for (let at = 0, isFull = true; at < chunk.length || isFull;) {
      const output = Buffer.allocUnsafeSlow(inflateBytes);
      const { read, written, frameEnded } = decode(chunk, at, output);
      at += read;
      isFull = written === output.length;
      if (read > 0 || written > 0) isWhole = frameEnded;
      if (written > 0) yield output.subarray(0, written);
    }
  }
  if (!isWhole) throw truncatedZstd();
}

/** fzstd works in this thread and gives all that it can at once: many small blocks, of which each may be 128 KiB of zeros, get to it a few at a time. */
export async function* zstdByScript(chunks: AsyncIterable<Buffer>, Decompress: typeof import('fzstd').Decompress): AsyncGenerator<Buffer> {
  const guard = new ZstdFrameGuard();
  const ready: Buffer[] = [];
  const inflater = new Decompress((data) => { if (data.length > 0) ready.push(Buffer.from(data.buffer, data.byteOffset, data.length)); });
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += scriptBytes) {
      const piece = chunk.subarray(at, at + scriptBytes);
      const before = guard.blocks;
      guard.push(piece);
      const step = guard.blocks - before > maxBlocksAtOnce ? 4 * maxBlocksAtOnce : piece.length;
      for (let from = 0; from < piece.length; from += step) {
        try {
          inflater.push(piece.subarray(from, from + step));
        } catch (error) {
          throw new SkiffError('ARCHIVE_INVALID', `invalid zstd data: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
        }
        yield* ready.splice(0);
      }
    }
  }
  if (!guard.complete) throw truncatedZstd();
}

function truncatedZstd(): SkiffError {
  return new SkiffError('ARCHIVE_TRUNCATED', 'the zstd data is truncated');
}
