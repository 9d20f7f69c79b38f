/**
 * The 512-byte header block: ustar, GNU, star and v7, read leniently where real tools write loosely and strictly where two
 * readers could see two things.
 *
 * @see POSIX pax(1) "ustar Interchange Format"; GNU tar manual "Basic Tar Format"; Go archive/tar (what peers accept)
 */
import { SkiffError } from '../../lib/errors.ts';

export const blockSize = 512;

export interface Header {
  readonly typeflag: string; // one character; "\0" is "0" of old
  readonly name: string; // with ustar's prefix
  readonly linkName: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly mtimeSeconds: number;
  readonly devMajor: number;
  readonly devMinor: number;
  readonly format: 'v7' | 'ustar' | 'star' | 'gnu';
}

/** True for a block of zeros. */
export function isZeroBlock(block: Buffer): boolean {
  for (let at = 0; at < blockSize; at += 4) if (block.readInt32LE(at) !== 0) return false;
  return true;
}

/** @throws ARCHIVE_INVALID */
export function parseHeader(block: Buffer): Header {
  if (!checksumFits(block)) throw invalid('not a tar header (checksum differs)');
  const magic = block.toString('latin1', 257, 265);
  const format = magic === 'ustar  \0' ? 'gnu' : magic.startsWith('ustar\0') ? (block.toString('latin1', 508, 512) === 'tar\0' ? 'star' : 'ustar') : 'v7';
  const name = text(block, 0, 100);
  const prefix = format === 'ustar' ? text(block, 345, 155) : format === 'star' ? text(block, 345, 131) : '';
  return {
    typeflag: block.toString('latin1', 156, 157),
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkName: text(block, 157, 100),
    mode: number(block, 100, 8, 'mode') & 0o7777,
    uid: id(block, 108, 'uid'),
    gid: id(block, 116, 'gid'),
    sizeBytes: nonNegative(number(block, 124, 12, 'size'), 'size'),
    mtimeSeconds: number(block, 136, 12, 'mtime'),
    devMajor: format === 'v7' ? 0 : number(block, 329, 8, 'device number'),
    devMinor: format === 'v7' ? 0 : number(block, 337, 8, 'device number'),
    format,
  };
}

/** Old writers summed signed bytes. */
function checksumFits(block: Buffer): boolean {
  let unsigned = 0;
  let high = 0;
  for (let at = 0; at < blockSize; at++) {
    const byte = at >= 148 && at < 156 ? 0x20 : block[at] as number;
    unsigned += byte;
    high += byte >> 7;
  }
  const stored = number(block, 148, 8, 'checksum');
  return stored === unsigned || stored === unsigned - 256 * high;
}

/** A field up to its first NUL, as a binary string. */
export function text(block: Buffer, offset: number, length: number): string {
  const end = block.indexOf(0, offset);
  return block.toString('latin1', offset, end < 0 || end > offset + length ? offset + length : end);
}

/**
 * Octal digits among spaces and NULs, or base 256 (GNU, star) where the first byte has its high bit set; two's complement.
 * @throws ARCHIVE_INVALID
 */
export function number(block: Buffer, offset: number, length: number, what: string): number {
  const first = block[offset] as number;
  if (first & 0x80) return base256(block, offset, length, what);
  let value = 0;
  let at = offset;
  const end = offset + length;
  while (at < end && (block[at] === 0x20 || block[at] === 0)) at++;
  for (; at < end; at++) {
    const byte = block[at] as number;
    if (byte === 0x20 || byte === 0) break;
    if (byte < 0x30 || byte > 0x37) throw invalid(`invalid ${what}`);
    value = value * 8 + byte - 0x30;
  }
  return value;
}

function base256(block: Buffer, offset: number, length: number, what: string): number {
  const negative = ((block[offset] as number) & 0x40) !== 0;
  // The top bit is the marker; the next one is the sign.
  let value = BigInt(((block[offset] as number) & 0x3f) | (negative ? ~0x3f : 0));
  for (let at = offset + 1; at < offset + length; at++) value = value * 256n + BigInt(block[at] as number);
  const result = Number(value);
  if (!Number.isSafeInteger(result)) throw invalid(`${what} out of range`);
  return result;
}

function id(block: Buffer, offset: number, what: string): number {
  return checkId(number(block, offset, 8, what), what);
}

/** Ids are 32 bits, and 2^32-1 means "leave it" to chown(2). @throws ARCHIVE_INVALID */
export function checkId(value: number, what: string): number {
  // Some writers fill the field with -1, -2 ("nobody") as 32 bits two's complement.
  const unsigned = value < 0 && value >= -0x8000_0000 ? value + 0x1_0000_0000 : value;
  if (unsigned < 0 || unsigned >= 0xffff_ffff) throw invalid(`${what} ${value} out of range`);
  return unsigned;
}

function nonNegative(value: number, what: string): number {
  if (value < 0) throw invalid(`negative ${what}`);
  return value;
}

export function invalid(cause: string): SkiffError {
  return new SkiffError('ARCHIVE_INVALID', `invalid tar archive: ${cause}`);
}
