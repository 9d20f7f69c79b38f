/**
 * One member of a tar archive, after every extension header was applied.
 *
 * Names are *binary strings*: each character is one byte (latin1), because a name in an archive is bytes and need not be
 * UTF-8. `toPath` makes of it what node:fs takes.
 */

export type EntryType = 'file' | 'dir' | 'symlink' | 'link' | 'char' | 'block' | 'fifo';

/** A run of data in a sparse file; everything between runs is zeros. */
export interface Fragment { readonly offset: number; readonly length: number }

export interface TarEntry {
  readonly type: EntryType;
  /** As the archive has it: may be absolute, hold "..", end in "/". */
  readonly name: string;
  /** Target of a symlink or hard link, as the archive has it; "" for others. */
  readonly linkName: string;
  /** Permission bits, 07777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of the file as it appears; 0 for types without data, whatever the header says. */
  readonly sizeBytes: number;
  /** Of the data in the archive: differs from sizeBytes for sparse files only. */
  readonly storedBytes: number;
  readonly mtime: Time;
  readonly devMajor: number;
  readonly devMinor: number;
  /** Name (binary string, without "SCHILY.xattr.") to value. */
  readonly xattrs: ReadonlyMap<string, Buffer>;
  /** In order, not touching each other backwards, inside sizeBytes; undefined where the file is not sparse. */
  readonly sparse: readonly Fragment[] | undefined;
}

/** Since the epoch; seconds may be negative, nanoseconds count up from there. */
export interface Time { readonly seconds: number; readonly nanoseconds: number }

export const noXattrs: ReadonlyMap<string, Buffer> = new Map();

export function toNanoseconds(time: Time): bigint {
  return BigInt(time.seconds) * 1_000_000_000n + BigInt(time.nanoseconds);
}

export function fromNanoseconds(value: bigint): Time {
  const nanoseconds = ((value % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  return { seconds: Number((value - nanoseconds) / 1_000_000_000n), nanoseconds: Number(nanoseconds) };
}

/** True where every character is one ASCII byte: then the binary string is its own path. */
function isAscii(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return /^[\x00-\x7f]*$/.test(text);
}

/** What node:fs takes for a binary string. */
export function toPath(name: string): string | Buffer {
  return isAscii(name) ? name : Buffer.from(name, 'latin1');
}

/** For messages: as UTF-8 where it is, replacement characters where not, quoted, bounded. */
export function showName(name: string): string {
  const text = Buffer.from(name, 'latin1').toString('utf8');
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}

/** A binary string from what node:fs or a user gave. */
export function fromPath(path: string | Buffer): string {
  return typeof path === 'string' ? (isAscii(path) ? path : Buffer.from(path, 'utf8').toString('latin1')) : path.toString('latin1');
}
