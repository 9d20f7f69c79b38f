/**
 * A log as it lies on disk: NAME, and NAME.1 (newer) to NAME.n (older) where it was rotated. All of them are opened at once and
 * known by their inodes from then on, so that a rotation under the reader neither loses nor doubles an entry
 * (helpers/monitor/log-file.h tells the order of the renames).
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { isErrno } from '../../lib/errors.ts';

export interface OpenLog { fd: number; inode: bigint }

/** All files that exist now, oldest first. The caller closes them. */
export function openLogFiles(path: string): OpenLog[] {
  const found: OpenLog[] = [];
  for (let number = 0, missing = 0; missing < 2; number++) {
    const log = openLog(number === 0 ? path : `${path}.${number}`);
    // A cut rotation may leave one number out.
    if (log === undefined) {
      missing++;
    } else if (found.some(({ inode }) => inode === log.inode)) {
      closeSync(log.fd);
    } else {
      found.unshift(log);
    }
  }
  return found;
}

export function openLog(path: string): OpenLog | undefined {
  try {
    const fd = openSync(path, 'r');
    return { fd, inode: fstatSync(fd, { bigint: true }).ino };
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

const chunkSize = 256 * 1024;

/** Whole lines (without their newline) up to the end of the file; what follows the last newline waits for the rest of it. */
export class LineReader {
  readonly #fd: number;
  #position: number;
  #rest: Buffer = Buffer.alloc(0);

  constructor(fd: number, position: number) {
    this.#fd = fd;
    this.#position = position;
  }

  *lines(): Generator<Buffer> {
    for (;;) {
      const chunk = Buffer.allocUnsafe(chunkSize);
      const count = readSync(this.#fd, chunk, 0, chunkSize, this.#position);
      if (count === 0) return;
      this.#position += count;
      let bytes = this.#rest.length === 0 ? chunk.subarray(0, count) : Buffer.concat([this.#rest, chunk.subarray(0, count)]);
      this.#rest = Buffer.alloc(0);
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10)) {
        yield bytes.subarray(0, end);
        bytes = bytes.subarray(end + 1);
      }
      this.#rest = bytes;
    }
  }
}

/**
 * Where the last `wanted` lines begin, read backwards: `counts` tells which records end a line (parts of a line that goes on
 * don't). `found` is less than `wanted` where the file has fewer; the offset is 0 then.
 */
export function tailOffset(fd: number, wanted: number, counts: (record: Buffer) => boolean): { offset: number; found: number } {
  let position = Number(fstatSync(fd, { bigint: true }).size);
  let head: Buffer = Buffer.alloc(0); // the beginning of it is not read yet
  let found = 0;
  let nextStart = position; // where the record after the one in hand begins
  while (position > 0) {
    const chunk = readAt(fd, Math.max(0, position - chunkSize), position);
    position -= chunk.length;
    const bytes = Buffer.concat([chunk, head]);
    let end = bytes.length;
    for (let at = bytes.lastIndexOf(10); at >= 0; at = end === 0 ? -1 : bytes.lastIndexOf(10, end - 1)) {
      const record = bytes.subarray(at + 1, end);
      if (record.length > 0 && counts(record) && found++ === wanted) return { offset: nextStart, found: wanted };
      nextStart = position + at + 1;
      end = at;
    }
    head = bytes.subarray(0, end);
  }
  if (head.length > 0 && counts(head) && found++ === wanted) return { offset: nextStart, found: wanted };
  return { offset: 0, found };
}

function readAt(fd: number, from: number, to: number): Buffer {
  const bytes = Buffer.allocUnsafe(to - from);
  let done = 0;
  while (done < bytes.length) {
    const count = readSync(fd, bytes, done, bytes.length - done, from + done);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}
