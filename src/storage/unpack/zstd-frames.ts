/**
 * Watches a zstd stream go by, frame by frame, and refuses windows larger than the decoder's customary 128 MiB: a frame
 * of a few bytes may ask for a window of gigabytes. Only for the decoder that has no such bound of its own (fzstd).
 *
 * @see RFC 8878 section 3.1.1 (frame format)
 */
import { SkiffError } from '../../lib/errors.ts';

export const maxWindowBytes = 128 * 1024 * 1024;
const frameMagic = 0xfd2fb528;

type Need = { bytes: number; use: (bytes: Buffer) => void };

export class ZstdFrameGuard {
  #need: Need = this.#frame();
  #gathered: Buffer = Buffer.alloc(0);
  #skip = 0;
  #atFrameStart = true;
  /** Block headers seen so far. */
  blocks = 0;

  /** @throws ARCHIVE_INVALID */
  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      if (this.#skip > 0) {
        const count = Math.min(this.#skip, chunk.length - at);
        this.#skip -= count;
        at += count;
        continue;
      }
      const piece = chunk.subarray(at, at + this.#need.bytes - this.#gathered.length);
      this.#gathered = Buffer.concat([this.#gathered, piece]);
      at += piece.length;
      if (this.#gathered.length < this.#need.bytes) return;
      const bytes = this.#gathered;
      this.#gathered = Buffer.alloc(0);
      this.#need.use(bytes);
    }
  }

  /** True where the bytes so far end with a whole frame. */
  get complete(): boolean {
    return this.#atFrameStart && this.#gathered.length === 0 && this.#skip === 0;
  }

  #frame(): Need {
    return { bytes: 4, use: (bytes) => {
      this.#atFrameStart = false;
      const magic = bytes.readUInt32LE(0);
      if (magic === frameMagic) this.#need = { bytes: 1, use: (descriptor) => this.#header(descriptor[0] as number) };
      else if ((magic & 0xffff_fff0) >>> 0 === 0x184d2a50) this.#need = { bytes: 4, use: (size) => this.#endFrame(size.readUInt32LE(0)) };
      else throw new SkiffError('ARCHIVE_INVALID', 'invalid zstd data');
    } };
  }

  #header(descriptor: number): void {
    const single = (descriptor & 0x20) !== 0;
    const sum = (descriptor & 0x04) !== 0 ? 4 : 0;
    const dictionary = [0, 1, 2, 4][descriptor & 3] as number;
    const size = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
    this.#need = { bytes: (single ? 0 : 1) + dictionary + size, use: (bytes) => {
      const window = single ? contentSize(bytes.subarray(dictionary)) : windowSize(bytes[0] as number);
      if (window > maxWindowBytes) throw new SkiffError('ARCHIVE_INVALID', `zstd frame wants a window of ${window} bytes, at most ${maxWindowBytes}`);
      this.#block(sum);
    } };
  }

  #block(sum: number): void {
    this.#need = { bytes: 3, use: (bytes) => {
      this.blocks++;
      const header = bytes.readUIntLE(0, 3);
      const isRun = ((header >> 1) & 3) === 1;
      this.#skip = isRun ? 1 : header >> 3;
      if ((header & 1) === 0) this.#block(sum);
      else this.#endFrame(this.#skip + sum);
    } };
  }

  #endFrame(skip: number): void {
    this.#skip = skip;
    this.#atFrameStart = true;
    this.#need = this.#frame();
  }
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function contentSize(bytes: Buffer): number {
  if (bytes.length === 1) return bytes[0] as number;
  if (bytes.length === 2) return bytes.readUInt16LE(0) + 256;
  return bytes.length === 4 ? bytes.readUInt32LE(0) : Number(bytes.readBigUInt64LE(0));
}
