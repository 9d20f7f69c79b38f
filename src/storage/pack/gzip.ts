/**
 * gzip on all cores. The data is cut into chunks of a fixed size, each is deflated on its own with the end of the one before
 * as dictionary, and the pieces are joined as one member: any reader takes it, and the bytes don't depend on the number of
 * cores or on how the source was cut.
 *
 * @see RFC 1951, RFC 1952; pigz (the same way to go)
 */
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { constants, crc32, deflateRaw } from 'node:zlib';
import type { Deflater } from '../../host/deflate.ts';
import { openDeflater } from '../../host/deflate.ts';

const deflateAsync = promisify<Buffer, object, Buffer>(deflateRaw);

const chunkBytes = 512 * 1024;
const windowBytes = 32 * 1024;
/** With all of the memory that zlib can use, because that is quicker. */
const memLevel = 9;
/** What one chunk gives, in one piece: each further piece would be one more trip to the pool of threads. */
const outputBytes = chunkBytes + 16 * 1024;
/** Method deflate, no flags, no time, no extra flags, operating system unknown. */
const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
/** An empty last block with fixed codes: the chunks themselves end at a byte's end with no last block. */
const lastBlock = Buffer.from([0x03, 0x00]);

/** One chunk, with the end of the one before in front of it, and what compresses it. Used again when it is out. */
interface Chunk {
  readonly input: Buffer;
  /** Where the dictionary begins: at 0, or for the first chunk, which has none, at windowBytes. */
  start: number;
  /** Where the data end, which begin at windowBytes. */
  end: number;
  readonly deflater: Deflater | undefined;
}

/** Compresses what is written to it. Holds a few chunks: whoever writes much drains between writes. */
export class GzipWriter {
  readonly #emit: (bytes: Uint8Array) => void;
  readonly #level: number | undefined;
  readonly #working: { chunk: Chunk; done: Promise<Buffer> }[] = [];
  readonly #free: Chunk[] = [];
  #chunk: Chunk;
  #sum = 0;
  #sizeBytes = 0;

  /**
   * `emit` gets the member's bytes, in order, during drain() and end(); they are valid during the call only. `level`: zlib's, 1 to 9.
   * Without one the addon compresses: as well as zlib's level 3 does a file system of programs, libraries and texts (6 % more bytes than
   * its default gives), a third quicker, and four times as quick where half is compressed already.
   */
  constructor(emit: (bytes: Uint8Array) => void, level?: number) {
    this.#emit = emit;
    this.#level = level;
    this.#chunk = this.#newChunk();
    emit(header);
  }

  /** Copies: the bytes may change afterwards. */
  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const chunk = this.#chunk;
      const piece = bytes.subarray(at, at + chunk.input.length - chunk.end);
      chunk.input.set(piece, chunk.end);
      chunk.end += piece.length;
      at += piece.length;
      if (chunk.end < chunk.input.length) continue;
      this.#compress(chunk);
      this.#chunk = this.#free.pop() ?? this.#newChunk();
      this.#chunk.input.set(chunk.input.subarray(-windowBytes));
      this.#chunk.start = 0;
      this.#chunk.end = windowBytes;
    }
  }

  /** Undefined: there is room for more. Else to be awaited; one more chunk than there are cores is kept, so that the next is ready when one comes free. */
  drain(): Promise<void> | undefined {
    return this.#working.length > availableParallelism() ? this.#emitDown(availableParallelism()) : undefined;
  }

  async end(): Promise<void> {
    if (this.#chunk.end > windowBytes) this.#compress(this.#chunk);
    await this.#emitDown(0);
    const trailer = Buffer.alloc(8);
    trailer.writeUInt32LE(this.#sum, 0);
    trailer.writeUInt32LE(this.#sizeBytes % 2 ** 32, 4);
    this.#emit(Buffer.concat([lastBlock, trailer]));
  }

  async #emitDown(left: number): Promise<void> {
    for (let first = this.#working[0]; first !== undefined && this.#working.length > left; first = this.#working[0]) {
      this.#emit(await first.done);
      this.#working.shift();
      this.#free.push(first.chunk);
    }
  }

  #newChunk(): Chunk {
    return { input: Buffer.allocUnsafeSlow(windowBytes + chunkBytes), start: windowBytes, end: windowBytes, deflater: this.#level === undefined ? openDeflater(chunkBytes) : undefined };
  }

  #compress(chunk: Chunk): void {
    const { input, start, end } = chunk;
    const data = input.subarray(windowBytes, end);
    this.#sum = crc32(data, this.#sum);
    this.#sizeBytes += data.length;
    const done = chunk.deflater?.deflate(input.subarray(start, end), windowBytes - start, end - start) ?? deflateAsync(data, {
      finishFlush: constants.Z_SYNC_FLUSH, level: this.#level, memLevel, chunkSize: outputBytes, ...(start === 0 && { dictionary: input.subarray(0, windowBytes) }),
    });
    // Awaited in its turn; a failure of the source may come first, and then nobody asks for it.
    done.catch(() => {});
    this.#working.push({ chunk, done });
  }
}

/** The same for a stream. */
export async function* gzipChunks(source: AsyncIterable<Uint8Array>, level?: number): AsyncGenerator<Uint8Array> {
  const ready: Uint8Array[] = [];
  const writer = new GzipWriter((bytes) => { ready.push(Buffer.from(bytes)); }, level);
  for await (const bytes of source) {
    writer.write(bytes);
    await writer.drain();
    yield* ready.splice(0);
  }
  await writer.end();
  yield* ready;
}
