/** Compressing what is written: gzip in parallel (storage/pack/gzip.ts); zstd by Node where it can, else by the program of that name. */
import { Readable } from 'node:stream';
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { filtered } from '../../host/filter-program.ts';
import { findProgram } from '../../host/run.ts';
import { SkiffError } from '../../lib/errors.ts';
import type { Compression } from '../../oci/media-types.ts';
import { gzipChunks } from '../../storage/pack/gzip.ts';

/** Fails early where zstd can't be written. @throws HELPER_MISSING */
export function requireCompression(compression: Compression): void {
  if (compression !== 'zstd' || nativeZstd() !== undefined || findProgram('zstd') !== undefined) return;
  throw new SkiffError('HELPER_MISSING', 'zstd compression needs Node 22.15 or the program "zstd"', { hint: 'install the package zstd, or use gzip' });
}

/** The levels that a compressor has. */
export const compressionLevels: Readonly<Record<Exclude<Compression, 'none'>, { readonly min: number; readonly max: number }>> = { gzip: { min: 1, max: 9 }, zstd: { min: 1, max: 19 } };
const defaultZstdLevel = 3;
/** Above it zstd takes 50 MB and more for each stream, and gives no processor away. */
const largestLeanLevel = 6;

/** Whether a stream of this compression takes so much that there should be one at a time. */
export function isHeavy(compression: Compression | undefined, level: number | undefined): boolean {
  return compression === 'zstd' && (level ?? defaultZstdLevel) > largestLeanLevel;
}

/** The compressed bytes of `source`. Deterministic for one version of the compressor. `level` within compressionLevels. */
export function compressed(source: AsyncIterable<Uint8Array>, compression: Compression, level?: number): AsyncIterable<Uint8Array> {
  if (compression === 'none') return source;
  if (compression === 'gzip') return gzipChunks(source, level);
  const native = nativeZstd();
  // In one thread: the program's own threads cost three times the memory, and several layers are on their way at once.
  return native === undefined ? filtered(['zstd', '--quiet', '--single-thread', '--stdout', `-${level ?? defaultZstdLevel}`], source) : through(source, native({ params: { [zstdLevelParameter]: level ?? defaultZstdLevel } }));
}

/** ZSTD_c_compressionLevel. */
const zstdLevelParameter = 100;

function nativeZstd(): ((options: { params: Record<number, number> }) => Transform) | undefined {
  return (zlib as { createZstdCompress?: (options: { params: Record<number, number> }) => Transform }).createZstdCompress;
}

async function* through(source: AsyncIterable<Uint8Array>, transform: Transform): AsyncGenerator<Uint8Array> {
  const input = Readable.from(source, { objectMode: false });
  input.on('error', (error) => transform.destroy(error));
  input.pipe(transform);
  try {
    yield* transform as AsyncIterable<Uint8Array>;
  } finally {
    input.destroy();
  }
}
