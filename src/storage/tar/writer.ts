/**
 * Tar headers for what we pack: ustar, with a PAX header in front where ustar can't say it (long or non-ASCII names, large
 * numbers, sub-second times, extended attributes). The same entry gives the same bytes, always.
 *
 * @see POSIX pax(1) "pax Interchange Format"
 */
import { isUtf8 } from 'node:buffer';
import type { EntryType, TarEntry, Time } from './entry.ts';
import { blockSize } from './header.ts';

const typeflags: Readonly<Record<EntryType, string>> = { file: '0', link: '1', symlink: '2', char: '3', block: '4', dir: '5', fifo: '6' };
const maxOctal7 = 0o7777777;
const maxOctal11 = 0o77777777777;

/** Two blocks of zeros. */
export const endOfArchive: Buffer = Buffer.alloc(2 * blockSize);

/** What is written of an entry; sparse files are written whole. */
export type EntryToWrite = Omit<TarEntry, 'storedBytes' | 'sparse'>;

/** The header blocks of an entry; sizeBytes of data and paddingOf() follow. A folder's name gets its slash. */
export function encodeHeader(entry: EntryToWrite): Buffer {
  const name = entry.type === 'dir' && !entry.name.endsWith('/') ? `${entry.name}/` : entry.name;
  const split = splitName(name);
  const records = paxRecords(entry, name, split !== undefined);
  const block = headerBlock(entry, split ?? { prefix: '', name: cut(name) }, typeflags[entry.type]);
  if (records.length === 0) return block;
  const pax = Buffer.concat(records);
  const paxHeader = headerBlock({
    type: 'file', name: '', linkName: '', mode: 0o644, uid: 0, gid: 0, sizeBytes: pax.length, mtime: { seconds: 0, nanoseconds: 0 }, devMajor: 0, devMinor: 0, xattrs: new Map(),
  }, { prefix: '', name: cut(`PaxHeaders.0/${ascii(baseName(name))}`) }, 'x');
  return Buffer.concat([paxHeader, pax, Buffer.alloc(paddingOf(pax.length)), block]);
}

/** Bytes from the end of the data to the next block. */
export function paddingOf(sizeBytes: number): number {
  return (blockSize - (sizeBytes % blockSize)) % blockSize;
}

function headerBlock(entry: EntryToWrite, { prefix, name }: { prefix: string; name: string }, typeflag: string): Buffer {
  const block = Buffer.alloc(blockSize);
  block.write(name, 0, 100, 'latin1');
  octal(block, 100, 8, entry.mode & 0o7777);
  octal(block, 108, 8, entry.uid <= maxOctal7 ? entry.uid : 0);
  octal(block, 116, 8, entry.gid <= maxOctal7 ? entry.gid : 0);
  octal(block, 124, 12, entry.sizeBytes <= maxOctal11 ? entry.sizeBytes : 0);
  octal(block, 136, 12, fitsOctal(entry.mtime.seconds) ? entry.mtime.seconds : 0);
  block.fill(0x20, 148, 156);
  block.write(typeflag, 156, 1, 'latin1');
  block.write(cut(entry.linkName), 157, 100, 'latin1');
  block.write('ustar\x0000', 257, 8, 'latin1');
  octal(block, 329, 8, entry.devMajor);
  octal(block, 337, 8, entry.devMinor);
  block.write(prefix, 345, 155, 'latin1');
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8, 'latin1');
  return block;
}

function octal(block: Buffer, offset: number, length: number, value: number): void {
  block.write(value.toString(8).padStart(length - 1, '0'), offset, length - 1, 'latin1');
}

function paxRecords(entry: EntryToWrite, name: string, nameFits: boolean): Buffer[] {
  const records = new Map<string, Buffer>();
  const add = (key: string, value: string): void => { records.set(key, Buffer.from(value, 'latin1')); };
  const linkFits = entry.linkName.length <= 100 && isAscii(entry.linkName);
  if (!nameFits) add('path', name);
  if (!linkFits) add('linkpath', entry.linkName);
  // POSIX wants UTF-8 in records unless this says that they are bytes.
  if ([nameFits ? '' : name, linkFits ? '' : entry.linkName].some((text) => !isUtf8(Buffer.from(text, 'latin1')))) add('hdrcharset', 'BINARY');
  if (entry.uid > maxOctal7) add('uid', String(entry.uid));
  if (entry.gid > maxOctal7) add('gid', String(entry.gid));
  if (entry.sizeBytes > maxOctal11) add('size', String(entry.sizeBytes));
  if (entry.mtime.nanoseconds !== 0 || !fitsOctal(entry.mtime.seconds)) add('mtime', timeText(entry.mtime));
  for (const [key, value] of entry.xattrs) {
    // "=" ends the key: such a name has no way to be written.
    if (!key.includes('=')) records.set(`SCHILY.xattr.${key}`, value);
  }
  const keys = [...records.keys()].toSorted();
  // hdrcharset governs the records after it.
  if (records.has('hdrcharset')) keys.unshift(...keys.splice(keys.indexOf('hdrcharset'), 1));
  return keys.map((key) => record(key, records.get(key) as Buffer));
}

/** The length at its front counts itself. */
function record(key: string, value: Buffer): Buffer {
  const rest = key.length + value.length + 3;
  let length = rest + String(rest).length;
  if (String(length).length !== String(rest).length) length = rest + String(length).length;
  return Buffer.concat([Buffer.from(`${length} ${key}=`, 'latin1'), value, Buffer.from('\n')]);
}

function timeText({ seconds, nanoseconds }: Time): string {
  const fraction = (value: number): string => (value === 0 ? '' : `.${String(value).padStart(9, '0').replace(/0+$/, '')}`);
  if (seconds >= 0) return `${seconds}${fraction(nanoseconds)}`;
  return nanoseconds === 0 ? String(seconds) : `-${-seconds - 1}${fraction(1_000_000_000 - nanoseconds)}`;
}

/** Into ustar's prefix and name; undefined where it does not fit or is not ASCII. */
function splitName(name: string): { prefix: string; name: string } | undefined {
  if (!isAscii(name)) return undefined;
  if (name.length <= 100) return { prefix: '', name };
  if (name.length > 256) return undefined;
  const slash = name.indexOf('/', name.length - 101);
  return slash <= 0 || slash > 155 || slash === name.length - 1 ? undefined : { prefix: name.slice(0, slash), name: name.slice(slash + 1) };
}

function fitsOctal(seconds: number): boolean {
  return seconds >= 0 && seconds <= maxOctal11;
}

function cut(text: string): string {
  return text.slice(0, 100);
}

function isAscii(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return /^[\x00-\x7f]*$/.test(text);
}

function ascii(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[^\x20-\x7e]/g, '_');
}

function baseName(name: string): string {
  const trimmed = name.endsWith('/') ? name.slice(0, -1) : name;
  return trimmed.slice(trimmed.lastIndexOf('/') + 1);
}
