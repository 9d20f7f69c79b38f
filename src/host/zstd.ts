/** Decompression by the host's libzstd. To be opened before a worker pivots: afterwards no library can be found. */
import { sys } from './sys.ts';

/** Decodes input from `from` on into output. `frameEnded`: a frame is over and all of it is out. Throws an Error with code ZSTD_ERROR. */
export type ZstdDecode = (input: Uint8Array, from: number, output: Uint8Array) => { read: number; written: number; frameEnded: boolean };

/** A decoder for one stream; undefined where the host has no libzstd. */
export function openZstd(): ZstdDecode | undefined {
  const decoder = sys().zstdDecoder();
  if (decoder === undefined) return undefined;
  return (input, from, output) => {
    const [read, written, rest] = sys().zstdDecompress(decoder, input, from, output);
    return { read, written, frameEnded: rest === 0 };
  };
}
