/**
 * SHA-256 of what is at hand. By default node:crypto's, whose first use loads for more than 3 ms; host/ puts a function in its place that
 * is in the process anyway (host/quick-sha256.ts).
 */
import { createHash } from 'node:crypto';

let quick: ((bytes: Buffer) => Uint8Array | undefined) | undefined;

/** From here on `digest` is asked first; undefined from it means that it can't. */
export function useSha256(digest: (bytes: Buffer) => Uint8Array | undefined): void {
  quick = digest;
}

/** 64 hex digits, lower case. Text counts as UTF-8. */
export function sha256Hex(data: Uint8Array | string): string {
  const found = quick?.(typeof data === 'string' ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  return found === undefined ? createHash('sha256').update(data).digest('hex') : Buffer.from(found).toString('hex');
}
