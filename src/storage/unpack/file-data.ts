/**
 * The data of one file, in order, onto the disk. Long runs of zeros in large files become holes: most archives have sparse files
 * written out (Docker's and our own layers have), and a database of zeros should not cost its size.
 */
import { ftruncateSync, writeSync } from 'node:fs';

/** Smaller files are not looked at. */
const minFileBytes = 1024 * 1024;
const pieceBytes = 64 * 1024;
const zeros = Buffer.alloc(pieceBytes);

export class FileData {
  readonly #fd: number;
  readonly #sizeBytes: number;
  #at = 0;
  #written = 0;

  constructor(fd: number, sizeBytes: number) {
    this.#fd = fd;
    this.#sizeBytes = sizeBytes;
  }

  write(bytes: Buffer): void {
    if (this.#sizeBytes < minFileBytes) {
      this.#put(bytes);
      return;
    }
    let from = 0;
    for (let at = 0; at + pieceBytes <= bytes.length; at += pieceBytes) {
      if (!isZero(bytes.subarray(at, at + pieceBytes))) continue;
      this.#put(bytes.subarray(from, at));
      this.#at += pieceBytes;
      from = at + pieceBytes;
    }
    this.#put(bytes.subarray(from));
  }

  /** A hole at the end has no byte behind it that would make the file long enough. */
  end(): void {
    if (this.#written < this.#at) ftruncateSync(this.#fd, this.#at);
  }

  #put(bytes: Buffer): void {
    for (let done = 0; done < bytes.length;) done += writeSync(this.#fd, bytes, done, bytes.length - done, this.#at + done);
    this.#at += bytes.length;
    if (bytes.length > 0) this.#written = this.#at;
  }
}

/** The ends are looked at first: that settles nearly all data that is not zero. */
function isZero(bytes: Buffer): boolean {
  return bytes[0] === 0 && bytes[bytes.length - 1] === 0 && bytes.equals(zeros);
}
