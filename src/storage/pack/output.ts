/** Bytes to a descriptor, gathered: a tar of small files would otherwise be a write(2) per header. */
import { writeSync } from 'node:fs';

const bufferBytes = 1024 * 1024;

/** Where a tar goes. Whoever writes much awaits what drain() gives between writes. */
export interface PackSink {
  /** The bytes may change afterwards. */
  write(bytes: Buffer): void;
  drain(): Promise<void> | undefined;
  end(): Promise<void> | void;
}

export class Output implements PackSink {
  readonly #fd: number;
  readonly #buffer = Buffer.allocUnsafe(bufferBytes);
  #filled = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  write(bytes: Buffer): void {
    if (bytes.length > bufferBytes - this.#filled) this.flush();
    if (bytes.length >= bufferBytes) {
      this.#writeAll(bytes);
      return;
    }
    bytes.copy(this.#buffer, this.#filled);
    this.#filled += bytes.length;
  }

  zeros(count: number): void {
    for (let left = count; left > 0; left -= zeros.length) this.write(left < zeros.length ? zeros.subarray(0, left) : zeros);
  }

  /** It waits by itself: the descriptor blocks. */
  drain(): undefined {}

  end(): void {
    this.flush();
  }

  flush(): void {
    this.#writeAll(this.#buffer.subarray(0, this.#filled));
    this.#filled = 0;
  }

  #writeAll(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) at += writeSync(this.#fd, bytes, at);
  }
}

const zeros = Buffer.alloc(64 * 1024);
