/**
 * CRC-64/GO-ISO, the sum that tar-split keeps of each file's payload. By the addon: in JavaScript it takes three times as long, and each
 * worker would first have to find out that it is worth compiling.
 *
 * @see Go hash/crc64 (ISO); tar-split tar/storage/getter.go (CRCTable); helpers/sys/summed.c
 */
import { treeFiles } from '../../host/tree-files.ts';

export class Crc64 {
  readonly #sum = Buffer.alloc(8);

  update(bytes: Buffer): void {
    treeFiles().crc64(this.#sum, bytes);
  }

  /** The sum so far, big-endian, eight bytes. */
  digest(): Buffer {
    return this.#sum;
  }
}
