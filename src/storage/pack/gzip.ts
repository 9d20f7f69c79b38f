/**
 * gzip on all cores. The data is cut into chunks of a fixed size, and each becomes a member of its own; gzip is the sequence of its members
 * for every reader. So the bytes don't depend on the number of cores or on how the source was cut.
 *
 * @see RFC 1952 section 2.2
 */
import { availableParallelism } from 'node:os';
import { openCompressor, type Compressor } from '../../host/gzip.ts';

const chunkBytes = 1024 * 1024;

/** One chunk, and what compresses it. Used again when it is out. */
interface Chunk {
  readonly input: Buffer;
  /** How much of it is filled. */
  length: number;
  readonly compressor: Compressor;
}

/** Compresses what is written to it. Holds a few chunks: whoever writes much drains between writes. */
export class GzipWriter {
  readonly #emit: (bytes: Uint8Array) => void;
  readonly #level: number | undefined;
  readonly #working: { chunk: Chunk; done: Promise<Buffer> }[] = [];
  readonly #free: Chunk[] = [];
  #chunk: Chunk;
  #empty = true;

  /** `emit` gets the bytes, in order, during drain() and end(); they are valid during the call only. `level`: 1 to 9; without one a quick one. */
  constructor(emit: (bytes: Uint8Array) => void, level?: number) {
    this.#emit = emit;
    this.#level = level;
    this.#chunk = this.#newChunk();
  }

  /** Copies: the bytes may change afterwards. */
  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const chunk = this.#chunk;
      const piece = bytes.subarray(at, at + chunk.input.length - chunk.length);
      chunk.input.set(piece, chunk.length);
      chunk.length += piece.length;
      at += piece.length;
      if (chunk.length < chunk.input.length) continue;
      this.#compress(chunk);
      this.#chunk = this.#free.pop() ?? this.#newChunk();
    }
  }

  /** Undefined: there is room for more. Else to be awaited; one more chunk than there are cores is kept, so that the next is ready when one comes free. */
  drain(): Promise<void> | undefined {
    return this.#working.length > availableParallelism() ? this.#emitDown(availableParallelism()) : undefined;
  }

  async end(): Promise<void> {
    // Of nothing, too, there is one member: nothing at all is no gzip.
    if (this.#chunk.length > 0 || this.#empty) this.#compress(this.#chunk);
    await this.#emitDown(0);
  }

  async #emitDown(left: number): Promise<void> {
    for (let first = this.#working[0]; first !== undefined && this.#working.length > left; first = this.#working[0]) {
      this.#emit(await first.done);
      this.#working.shift();
      first.chunk.length = 0;
      this.#free.push(first.chunk);
    }
  }

  #newChunk(): Chunk {
    return { input: Buffer.allocUnsafeSlow(chunkBytes), length: 0, compressor: openCompressor(chunkBytes, this.#level) };
  }

  #compress(chunk: Chunk): void {
    this.#empty = false;
    const done = chunk.compressor.gzip(chunk.input.subarray(0, chunk.length));
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
