/**
 * How far a layer may inflate. A real one comes out five, sometimes fifty times as large as it was transferred; gzip's zeros come out
 * a thousandfold, zstd's by tens of thousands. Small layers are not looked at: a hundred empty folders compress that well, too.
 * Whatever is let through still stops before the disk is full, for others on it have to go on working.
 */
import { SkiffError } from '../../lib/errors.ts';
import { lookEveryBytes, requireFreeSpace } from '../free-space.ts';

export const freeOfLimitBytes = 64 * 1024 * 1024;
export const maxInflation = 250;

export class InflationLimit {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #declaredBytes: number;
  #bytes = 0;
  #checkAt = lookEveryBytes;

  /** `declaredBytes`: the compressed layer's length; without it only the disk is looked at. `folder`: where the layer goes. */
  constructor(folder: string, declaredBytes: number | undefined) {
    this.#folder = folder;
    this.#declaredBytes = declaredBytes ?? 0;
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
}
