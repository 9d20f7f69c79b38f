/** gzip of whole chunks, by the host's libdeflate where there is one (helpers/sys/gzip.c), else by Node's zlib, which takes twice as long. */
import { sys } from './sys.ts';

export interface Compressor {
  /** The input as one gzip member. Runs in a thread of the pool: the input must stay as it is until then; the result is valid until the next call. */
  gzip(input: Buffer): Promise<Buffer>;
}

/**
 * What compresses about as well: 6 % more bytes than zlib's default gives of a file system of programs, libraries and texts, and the same of
 * what is compressed already; in half the time of that or less.
 */
const defaultLevels = { libdeflate: 1, zlib: 3 } as const;

/** Finds the library. To be called before a worker pivots: afterwards it would not be found, and zlib would serve. Idempotent. */
export function loadCompressor(): void {
  sys().gzipBound(0);
}

/** Does one chunk of at most `chunkBytes` at a time. `level`: 1 to 9. */
export function openCompressor(chunkBytes: number, level?: number): Compressor {
  const bound = sys().gzipBound(chunkBytes);
  if (bound === undefined) return zlibCompressor(level);
  const output = Buffer.allocUnsafeSlow(bound);
  return { gzip: async (input) => output.subarray(0, await sys().gzip(input, output, level ?? defaultLevels.libdeflate)) };
}

/** What there is on every host. */
export function zlibCompressor(level: number = defaultLevels.zlib): Compressor {
  return { gzip: (input) => zlibMember(input, level) };
}

/** The bytes of the member do not depend on how libuv cuts them: they come in one piece. */
async function zlibMember(input: Buffer, level: number): Promise<Buffer> {
  const { gzip } = await import('node:zlib');
  return new Promise((resolve, reject) => {
    gzip(input, { level, memLevel: 9, chunkSize: input.length + 16 * 1024 }, (error, result) => {
      if (error === null) resolve(result);
      else reject(error);
    });
  });
}
