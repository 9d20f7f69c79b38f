/** Deflate by the addon (helpers/sys/deflate.h): quicker than zlib's quickest level. To be opened before a worker pivots. */
import { sys } from './sys.ts';

/** The memory for one chunk on its way. */
export interface Deflater {
  /**
   * Compresses input[from..end) with what is before as dictionary, in a thread of the pool; the result ends at a byte's end and has no
   * last block. The input must stay as it is until then, the result is valid until the next call.
   */
  deflate(input: Buffer, from: number, end: number): Promise<Buffer>;
}

/** For chunks of at most `chunkBytes`. */
export function openDeflater(chunkBytes: number): Deflater {
  // Slow: not out of Node's pool, for the addon wants it aligned.
  const scratch = Buffer.allocUnsafeSlow(sys().deflateScratchBytes());
  const output = Buffer.allocUnsafeSlow(sys().deflateBound(chunkBytes));
  return { deflate: async (input, from, end) => output.subarray(0, await sys().deflate(input, from, end, output, scratch)) };
}
