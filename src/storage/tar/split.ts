/**
 * tar-split: what is left of a tar when its files' data are taken out, as lines of JSON, so that the archive can be put
 * together again bit for bit from them and the unpacked files:
 *   {"type":2,"payload":"<base64>","position":0}                               raw bytes
 *   {"type":1,"name":"etc/passwd","size":922,"payload":"<crc64>","position":1}  the data of a file; payload null without data
 *   {"type":1,"name_raw":"<base64>",…}                                         a name that is no UTF-8
 * Written as Docker writes it (Go's encoder: "<", ">", "&" and U+2028/9 escaped), gzipped by the caller.
 *
 * A name appears in at most one type-1 line: Docker's reader refuses a second (ErrDuplicatePath). Data which the unpacked tree
 * can't give back (sparse files, overwritten files, whiteouts with a body) are raw bytes here.
 *
 * @see tar-split tar/storage/entry.go, tar/asm/disassemble.go, tar/asm/assemble.go
 */
import { isUtf8 } from 'node:buffer';
import { SkiffError } from '../../lib/errors.ts';
import { fromPath } from './entry.ts';

/** Longer runs of raw bytes are cut, so that readers need no more memory than this (and a third, for base64). */
const maxSegmentBytes = 1024 * 1024;

/** Turns scanner calls into lines. Give every line's text to a gzip stream. */
export class SplitWriter {
  readonly #write: (line: string) => void;
  #pending: Buffer = Buffer.allocUnsafe(4096);
  #pendingBytes = 0;
  #position = 0;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  /** Of the next line. */
  get position(): number {
    return this.#position;
  }

  raw(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const piece = bytes.subarray(at, at + maxSegmentBytes - this.#pendingBytes);
      this.#append(piece);
      at += piece.length;
      if (this.#pendingBytes === maxSegmentBytes) this.#flush();
    }
  }

  /** The data of a file that the tree keeps (crc given), or a member without data. `name` is a binary string. */
  file(name: string, sizeBytes: number, crc: Buffer | undefined): void {
    this.#flush();
    this.#write(fileLine(name, sizeBytes, crc, this.#position++));
  }

  end(): void {
    this.#flush();
  }

  #append(piece: Buffer): void {
    const wanted = this.#pendingBytes + piece.length;
    if (wanted > this.#pending.length) {
      const grown = Buffer.allocUnsafe(Math.min(maxSegmentBytes, Math.max(wanted, this.#pending.length * 2)));
      this.#pending.copy(grown, 0, 0, this.#pendingBytes);
      this.#pending = grown;
    }
    piece.copy(this.#pending, this.#pendingBytes);
    this.#pendingBytes = wanted;
  }

  #flush(): void {
    if (this.#pendingBytes === 0) return;
    this.#write(segmentLine(this.#pending.subarray(0, this.#pendingBytes), this.#position++));
    this.#pendingBytes = 0;
  }
}

export function segmentLine(bytes: Buffer, position: number): string {
  return `{"type":2,"payload":"${bytes.toString('base64')}","position":${position}}\n`;
}

export function fileLine(name: string, sizeBytes: number, crc: Buffer | undefined, position: number): string {
  const bytes = Buffer.from(name, 'latin1');
  const named = isUtf8(bytes) ? (name === '' ? '' : `"name":${goString(bytes.toString('utf8'))},`) : `"name_raw":"${bytes.toString('base64')}",`;
  const size = sizeBytes === 0 ? '' : `"size":${sizeBytes},`;
  return `{"type":1,${named}${size}"payload":${crc === undefined ? 'null' : `"${crc.toString('base64')}"`},"position":${position}}\n`;
}

/** Go's encoding/json escapes what could end a script element. */
function goString(text: string): string {
  // Nearly all names.
  if (/^[\w\-./+@:,~ ]*$/.test(text)) return `"${text}"`;
  return JSON.stringify(text).replaceAll(/[<>&\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export type SplitEntry =
  | { readonly kind: 'segment'; readonly bytes: Buffer }
  /** `name` is a binary string. */
  | { readonly kind: 'file'; readonly name: string; readonly sizeBytes: number; readonly crc: Buffer };

/** Reads one line. @throws STORE_CORRUPT */
export function parseSplitLine(line: string): SplitEntry {
  let value: { type?: unknown; name?: unknown; name_raw?: unknown; size?: unknown; payload?: unknown };
  try {
    value = (JSON.parse(line) ?? {}) as typeof value;
  } catch (cause) {
    throw new SkiffError('STORE_CORRUPT', 'tar-split data is damaged: a line is not JSON', { cause });
  }
  const payload = typeof value.payload === 'string' ? Buffer.from(value.payload, 'base64') : Buffer.alloc(0);
  if (value.type === 2) return { kind: 'segment', bytes: payload };
  const sizeBytes = value.size ?? 0;
  if (value.type !== 1 || typeof sizeBytes !== 'number' || !Number.isSafeInteger(sizeBytes) || sizeBytes < 0) throw new SkiffError('STORE_CORRUPT', 'tar-split data is damaged: unknown entry');
  const name = typeof value.name_raw === 'string' ? Buffer.from(value.name_raw, 'base64').toString('latin1') : fromPath(typeof value.name === 'string' ? value.name : '');
  return { kind: 'file', name, sizeBytes, crc: payload };
}

/** Lines out of chunks of text bytes, however they are cut; those that a chunk completes at once. */
export async function* splitEntries(chunks: AsyncIterable<Buffer>): AsyncGenerator<SplitEntry[]> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const last = chunk.lastIndexOf(0x0a);
    if (last < 0) {
      rest = Buffer.concat([rest, chunk]);
      continue;
    }
    const lines = (rest.length === 0 ? chunk.subarray(0, last) : Buffer.concat([rest, chunk.subarray(0, last)])).toString('utf8').split('\n');
    rest = Buffer.from(chunk.subarray(last + 1));
    yield lines.map(parseSplitLine);
  }
  if (rest.length > 0) throw new SkiffError('STORE_CORRUPT', 'tar-split data is truncated');
}
