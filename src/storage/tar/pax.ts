/**
 * PAX extended headers: `LENGTH KEY=VALUE\n` records, as bytes.
 *
 * @see POSIX pax(1) "pax Extended Header"; star(5) (SCHILY.xattr.); libarchive tar(5) (LIBARCHIVE.xattr.); GNU tar manual "Storing Sparse Files"
 */
import type { Fragment, Time } from './entry.ts';
import { checkId, invalid } from './header.ts';

/** What extension headers say about the next member. Absent: the header block counts. */
export interface Extension {
  name?: string;
  linkName?: string;
  sizeBytes?: number;
  uid?: number;
  gid?: number;
  mtime?: Time;
  xattrs?: Map<string, Buffer>;
  sparse?: SparseKeys;
}

/** GNU.sparse.*: 0.0 repeats offset and numbytes, 0.1 has a map, 1.0 puts the map before the data. */
export interface SparseKeys {
  version?: '0.0' | '0.1' | '1.0';
  major?: string;
  minor?: string;
  name?: string;
  sizeBytes?: number;
  count?: number;
  map?: number[];
}

const space = 0x20;
const newline = 0x0a;
const equals = 0x3d;

/**
 * Reads the records of one header into `into`, over what is there. With `global`, only what can sensibly hold for many
 * members is taken (ids, times); peers' reader (Go) takes none of it, GNU tar and libarchive do.
 * @throws ARCHIVE_INVALID
 */
export function readPax(bytes: Buffer, into: Extension, global: boolean): void {
  for (let at = 0; at < bytes.length;) {
    const gap = bytes.indexOf(space, at);
    const length = gap < 0 || gap - at > 10 ? NaN : decimal(bytes.toString('latin1', at, gap), 'PAX record length');
    const end = at + length;
    if (!(length >= 5) || end > bytes.length || bytes[end - 1] !== newline) throw invalid('malformed PAX record');
    const sign = bytes.indexOf(equals, gap);
    if (sign < 0 || sign >= end) throw invalid('malformed PAX record');
    take(bytes.toString('latin1', gap + 1, sign), bytes.subarray(sign + 1, end - 1), into, global);
    at = end;
  }
}

function take(key: string, value: Buffer, into: Extension, global: boolean): void {
  switch (key) {
    case 'mtime':
      if (value.length > 0) into.mtime = parseTime(value.toString('latin1'));
      return;
    case 'uid':
      if (value.length > 0) into.uid = checkId(decimal(value.toString('latin1'), key), key);
      return;
    case 'gid':
      if (value.length > 0) into.gid = checkId(decimal(value.toString('latin1'), key), key);
      return;
    case 'path': case 'linkpath': case 'size':
      if (!global && value.length > 0) takeName(key, value, into);
      return;
    default:
      if (global) return;
      if (key.startsWith('SCHILY.xattr.')) (into.xattrs ??= new Map()).set(key.slice(13), Buffer.from(value));
      else if (key.startsWith('LIBARCHIVE.xattr.')) takeLibarchiveXattr(key.slice(17), value, into);
      else if (key.startsWith('GNU.sparse.')) takeSparse(key.slice(11), value.toString('latin1'), into.sparse ??= {});
  }
}

function takeName(key: 'path' | 'linkpath' | 'size', value: Buffer, into: Extension): void {
  if (key === 'size') {
    into.sizeBytes = decimal(value.toString('latin1'), key);
    return;
  }
  // Where one reader stops at the NUL and another does not, two trees come out of one digest.
  if (value.includes(0)) throw invalid(`NUL in PAX ${key}`);
  if (key === 'path') into.name = value.toString('latin1');
  else into.linkName = value.toString('latin1');
}

/** Name percent-encoded, value in base64. Does not replace a SCHILY one of the same name (libarchive writes both, equal). */
function takeLibarchiveXattr(encodedName: string, value: Buffer, into: Extension): void {
  const name = encodedName.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  const xattrs = into.xattrs ??= new Map();
  if (!xattrs.has(name)) xattrs.set(name, Buffer.from(value.toString('latin1'), 'base64'));
}

function takeSparse(key: string, value: string, into: SparseKeys): void {
  switch (key) {
    case 'major': into.major = value; return;
    case 'minor': into.minor = value; return;
    case 'name': into.name = value; return;
    case 'size': case 'realsize': into.sizeBytes = decimal(value, 'sparse size'); return;
    case 'numblocks': into.count = decimal(value, 'sparse count'); return;
    case 'map': into.map = value === '' ? [] : value.split(',').map((part) => decimal(part, 'sparse map')); return;
    case 'offset': case 'numbytes': {
      const map = into.map ??= [];
      if ((map.length % 2 === 0) !== (key === 'offset')) throw invalid('sparse map out of order');
      map.push(decimal(value, 'sparse map'));
      return;
    }
    default: // Unknown keys of a known family change nothing that we store.
  }
}

/** Which sparse format the keys mean; undefined for a plain file. */
export function sparseVersion(keys: SparseKeys | undefined): '0' | '1.0' | undefined {
  if (keys === undefined) return undefined;
  if (keys.major !== undefined || keys.minor !== undefined) {
    const version = `${keys.major ?? '0'}.${keys.minor ?? '0'}`;
    if (version === '1.0') return '1.0';
    if (version === '0.0' || version === '0.1') return '0';
    throw invalid(`unknown sparse format ${version}`);
  }
  return keys.map === undefined ? undefined : '0';
}

/** Pairs of offset and length to fragments. @throws ARCHIVE_INVALID */
export function fragmentsOf(map: readonly number[], count: number | undefined): Fragment[] {
  if (map.length % 2 !== 0 || (count !== undefined && map.length !== 2 * count)) throw invalid('sparse map is incomplete');
  const fragments: Fragment[] = [];
  for (let at = 0; at < map.length; at += 2) fragments.push({ offset: map[at] as number, length: map[at + 1] as number });
  return fragments;
}

/** Checks that fragments are in order, inside the file, and hold exactly the stored data. @throws ARCHIVE_INVALID */
export function checkFragments(fragments: readonly Fragment[], sizeBytes: number, storedBytes: number): void {
  let end = 0;
  let total = 0;
  for (const { offset, length } of fragments) {
    if (offset < end || offset + length > sizeBytes) throw invalid('sparse map does not fit the file');
    end = offset + length;
    total += length;
  }
  if (total !== storedBytes) throw invalid('sparse map does not fit the data');
}

/** @throws ARCHIVE_INVALID */
export function decimal(digits: string, what: string): number {
  const value = /^\d{1,16}$/.test(digits) ? Number(digits) : NaN;
  if (!Number.isSafeInteger(value)) throw invalid(`invalid ${what}`);
  return value;
}

/** `[-]SECONDS[.FRACTION]`; digits beyond nanoseconds are cut. @throws ARCHIVE_INVALID */
export function parseTime(value: string): Time {
  const match = /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(value);
  if (match === null) throw invalid('invalid time');
  const seconds = Number(match[2]);
  const nanoseconds = Number((match[3] ?? '').slice(0, 9).padEnd(9, '0'));
  if (match[1] !== '-') return { seconds, nanoseconds };
  return nanoseconds === 0 ? { seconds: seconds === 0 ? 0 : -seconds, nanoseconds } : { seconds: -seconds - 1, nanoseconds: 1_000_000_000 - nanoseconds };
}
