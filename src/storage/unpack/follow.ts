/**
 * Reading a file while it is being written: a layer is unpacked as it is downloaded, and what is ahead of the unpacking waits on the
 * disk, not in memory. Who writes tells of more bytes by anything written into a pipe, and of a failure by closing it early.
 */
import { read } from 'node:fs';
import { SkiffError } from '../../lib/errors.ts';

const chunkBytes = 128 * 1024;

/**
 * The bytes of `fd` from its start to `sizeBytes`, as they come. Both descriptors stay open.
 * @throws ARCHIVE_TRUNCATED where the pipe `grownFd` ends before that
 */
export async function* followFile(fd: number, sizeBytes: number, grownFd: number): AsyncGenerator<Buffer> {
  const wake = Buffer.alloc(4096);
  let ended = false;
  for (let at = 0; at < sizeBytes;) {
    const chunk = Buffer.allocUnsafeSlow(Math.min(chunkBytes, sizeBytes - at));
    const count = await readInto(fd, chunk, at);
    if (count > 0) {
      at += count;
      yield chunk.subarray(0, count);
    } else if (ended) throw new SkiffError('ARCHIVE_TRUNCATED', `the download ended after ${at} of ${sizeBytes} bytes`);
    // The last bytes may have come between the two: after the pipe's end the file is looked at once more.
    else ended = await readInto(grownFd, wake, null) === 0;
  }
}

function readInto(fd: number, buffer: Buffer, position: number | null): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, buffer, 0, buffer.length, position, (error, count) => (error === null ? resolve(count) : reject(error)));
  });
}
