/**
 * How far a layer may inflate. A real one comes out five, sometimes fifty times as large as it was transferred; gzip's zeros come out
 * a thousandfold, zstd's by tens of thousands. Small layers are not looked at: a hundred empty folders compress that well, too.
 *
 * A tree can be a bomb, too: empty files cost an inode and a path each, and next to nothing in an archive. Measured, of a million of them: with
 * sequential names 7 to 14 bytes an entry in gzip and 1.5 to 3 in zstd, with random names of 8 digits 13 to 17 and 10, of 32 digits 29 to 37 and
 * 22 to 26, with random times as well up to 44. The densest trees of packages, with their files: zoneinfo 262 in gzip and 122 in zstd, /usr/include,
 * Python and node_modules in the thousands. Below a million entries nothing is counted.
 *
 * Whatever is let through still stops before the disk is full, for others on it have to go on working.
 */
import { SkiffError } from '../../lib/errors.ts';
import { lookEveryBytes, requireFreeSpace } from '../free-space.ts';

export const freeOfLimitBytes = 64 * 1024 * 1024;
export const maxInflation = 250;
export const freeOfCountEntries = 1_000_000;
export const leastBytesOfEntry = 48;

export class InflationLimit {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #declaredBytes: number | undefined;
  #bytes = 0;
  #checkAt = lookEveryBytes;

  /** `declaredBytes`: the compressed layer's length; without it only the disk is looked at. `folder`: where the layer goes. */
  constructor(folder: string, declaredBytes: number | undefined) {
    this.#folder = folder;
    this.#declaredBytes = declaredBytes;
    this.#maxBytes = declaredBytes === undefined ? Number.POSITIVE_INFINITY : Math.max(freeOfLimitBytes, declaredBytes * maxInflation);
  }

  /** Before so many bytes of the tar are used. @throws ARCHIVE_INVALID, NO_SPACE */
  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#maxBytes) {
      throw new SkiffError('ARCHIVE_INVALID', `${this.#declaredBytes} bytes inflate to more than ${this.#maxBytes}: refused as a decompression bomb`);
    }
    if (this.#bytes < this.#checkAt) return;
    this.#checkAt = this.#bytes + lookEveryBytes;
    requireFreeSpace(this.#folder);
  }

  /** Once so many entries have come out of it. @throws ARCHIVE_INVALID */
  look(entries: number): void {
    if (entries < freeOfCountEntries || this.#declaredBytes === undefined || this.#declaredBytes >= entries * leastBytesOfEntry) return;
    throw new SkiffError('ARCHIVE_INVALID', `${this.#declaredBytes} bytes hold ${entries} entries and more: refused as a decompression bomb`);
  }
}
