/**
 * Descriptors of pipes and sockets as Node streams, driven by the event loop. Not by node:fs, whose reads of a pipe each hold one of
 * libuv's four pool threads until data comes: four children that wait for us would stop everything. node:net is loaded on
 * first use, because it costs 4 ms.
 */
import { SkiffError, isErrno } from '../lib/errors.ts';
import type { Readable, Writable } from 'node:stream';

/** `fd` (a pipe or socket; ours alone) as a stream that closes it. `highWaterMark`: bytes to read ahead, the stream's default without. */
export async function readableFrom(fd: number, highWaterMark?: number): Promise<Readable> {
  const { Socket } = await import('node:net');
  // Socket hands what it does not know on to Duplex.
  const options = { fd, readable: true, writable: false, ...(highWaterMark !== undefined && { readableHighWaterMark: highWaterMark }) };
  return new Socket(options);
}

/** `fd` (a pipe or socket; ours alone) as a stream that closes it when it has ended. */
export async function writableTo(fd: number): Promise<Writable> {
  const { Socket } = await import('node:net');
  return new Socket({ fd, readable: false, writable: true });
}

/** Everything until the end of `fd`, which is closed; empty for no fd. @throws HELPER_FAILED beyond `limit` bytes */
export async function readToEnd(fd: number | undefined, limit: number): Promise<Buffer> {
  if (fd === undefined) return Buffer.alloc(0);
  const chunks: Buffer[] = [];
  let size = 0;
  const stream = await readableFrom(fd);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new SkiffError('HELPER_FAILED', `more than ${limit} bytes of output`); // leaving the loop closes the stream
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Writes all of `data` to `fd` and closes it. A reader that ends early is no error: a program may leave its input unread. An error of
 * the source is thrown; once `signal` is aborted, an AbortError.
 */
export async function writeAndClose(fd: number | undefined, data: Uint8Array | string | AsyncIterable<Uint8Array> = '', signal?: AbortSignal): Promise<void> {
  if (fd === undefined) return;
  const [{ pipeline }, { Readable: Source }] = await Promise.all([import('node:stream/promises'), import('node:stream')]);
  const source = typeof data === 'string' || data instanceof Uint8Array ? Source.from([Buffer.from(data)], { objectMode: false }) : data;
  try {
    await pipeline(source, await writableTo(fd), signal === undefined ? {} : { signal });
  } catch (error) {
    if (!isErrno(error, 'EPIPE', 'ECONNRESET')) throw error;
  }
}
