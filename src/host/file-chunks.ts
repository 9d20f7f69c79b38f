/**
 * A part of an open file, piece by piece, by reads that name their position: the descriptor's own does not move, several readers may
 * share it, and it stays the caller's. Not by node:fs streams, which close the descriptor when they are destroyed, autoClose or not;
 * by then its number may be another file's.
 */
import { read } from 'node:fs';
import { promisify } from 'node:util';

const readAsync = promisify(read);
const chunkBytes = 1024 * 1024;

/** At most `length` bytes from `offset` on; fewer where the file ends before. The descriptor must stay open until the reader is done. */
export async function* fileChunks(fd: number, offset: number, length: number): AsyncGenerator<Buffer, void, void> {
  for (let at = 0; at < length;) {
    const { buffer, bytesRead } = await readAsync(fd, Buffer.allocUnsafe(Math.min(chunkBytes, length - at)), 0, Math.min(chunkBytes, length - at), offset + at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
