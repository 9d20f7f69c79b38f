/**
 * CRC-64/GO-ISO, the sum that tar-split keeps of each file's payload: polynomial x^64 + x^4 + x^3 + x + 1, bits reflected,
 * register inverted at both ends.
 *
 * The polynomial has so few terms that no table is needed: 32 bits shifted out of the register come back as themselves
 * xored with themselves shifted by 1, 3 and 4, and can't reach the low end again in the same step. So four bytes cost a dozen
 * integer operations.
 *
 * @see Go hash/crc64 (ISO); tar-split tar/storage/getter.go (CRCTable)
 */

const none = new Uint32Array(0);
const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

export class Crc64 {
  // The register, inverted, as two unsigned halves.
  #high = 0xffff_ffff;
  #low = 0xffff_ffff;

  update(bytes: Uint8Array): void {
    let at = 0;
    const length = bytes.length;
    let high = this.#high | 0;
    let low = this.#low | 0;
    const byte = (value: number): void => {
      // As below, for eight bits: they land in the topmost byte.
      const out = (low ^ value) & 0xff;
      low = (low >>> 8) | (high << 24);
      high = (high >>> 8) ^ (out << 24) ^ (out << 23) ^ (out << 21) ^ (out << 20);
    };
    const misaligned = littleEndian ? (4 - (bytes.byteOffset & 3)) & 3 : length;
    while (at < misaligned && at < length) byte(bytes[at++] as number);
    const count = (length - at) >> 2;
    const words = count === 0 ? none : new Uint32Array(bytes.buffer, bytes.byteOffset + at, count);
    for (let index = 0; index < count; index++) {
      const out = low ^ (words[index] as number);
      low = high ^ (out << 31) ^ (out << 29) ^ (out << 28);
      high = out ^ (out >>> 1) ^ (out >>> 3) ^ (out >>> 4);
    }
    at += count * 4;
    while (at < length) byte(bytes[at++] as number);
    this.#high = high >>> 0;
    this.#low = low >>> 0;
  }

  /** The sum so far, big-endian, eight bytes. */
  digest(): Buffer {
    const out = Buffer.allocUnsafe(8);
    out.writeUInt32BE(~this.#high >>> 0, 0);
    out.writeUInt32BE(~this.#low >>> 0, 4);
    return out;
  }
}
