/**
 * The table of contents of an image archive: a tar file that is read at random, never unpacked. Members are only keys of a
 * map here, so a hostile name can do no more than not be found.
 *
 * @see POSIX pax(1); GNU tar manual "Basic Tar Format"
 */
import { SkiffError } from '../../lib/errors.ts';
import type { Header } from '../../storage/tar/header.ts';
import { blockSize, isZeroBlock, parseHeader } from '../../storage/tar/header.ts';
import type { Extension } from '../../storage/tar/pax.ts';
import { readPax } from '../../storage/tar/pax.ts';

export type Member =
  | { readonly kind: 'file'; readonly offset: number; readonly sizeBytes: number }
  | { readonly kind: 'link'; readonly target: string }
  /** Folders, devices, sparse files: never read. */
  | { readonly kind: 'other' }
  /** Two members of one name: two readers would see two archives. */
  | { readonly kind: 'twice' };
export type TarIndex = ReadonlyMap<string, Member>;

/** Reads exactly `length` bytes at `offset`, fewer only at the end of the file. */
export type ReadAt = (offset: number, length: number) => Buffer;

/** Images have a handful of members a layer. */
const maxMembers = 100_000;
const maxExtensionBytes = 1024 * 1024;

/** @throws ARCHIVE_INVALID, ARCHIVE_TRUNCATED */
export function indexTar(readAt: ReadAt, totalBytes: number): TarIndex {
  const members = new Map<string, Member>();
  let extension: Extension = {};
  let at = 0;
  let count = 0;
  if (totalBytes < blockSize) throw new SkiffError('ARCHIVE_INVALID', totalBytes === 0 ? 'the archive is empty' : 'not a tar archive');
  while (at + blockSize <= totalBytes) {
    const block = readAt(at, blockSize);
    if (isZeroBlock(block)) return members;
    const header = at === 0 ? firstHeader(block) : parseHeader(block);
    if (++count > maxMembers) throw new SkiffError('ARCHIVE_INVALID', `more than ${maxMembers} members`);
    const { typeflag } = header;
    const isExtension = 'xgLK'.includes(typeflag);
    const size = isExtension ? header.sizeBytes : extension.sizeBytes ?? header.sizeBytes;
    // A link has no data, whatever its size field says; tar writers put the target's size there.
    const stored = '12'.includes(typeflag) ? 0 : size;
    const data = at + blockSize;
    const name = cleanName(extension.name ?? header.name);
    if (data + stored > totalBytes) throw truncated(isExtension ? 'a header' : JSON.stringify(name ?? header.name));
    if (isExtension) readExtension(typeflag, readAt, data, stored, extension);
    else {
      if (typeflag === 'S') throw new SkiffError('ARCHIVE_INVALID', `member ${JSON.stringify(name)} is a sparse file, which image archives don't have`);
      if (name !== undefined) add(members, name, memberOf(typeflag, data, stored, name, extension, header.linkName));
      extension = {};
    }
    at = data + Math.ceil(stored / blockSize) * blockSize;
  }
  // No end mark: some writers leave it out at a member's end, but a cut inside a block is a cut.
  if (at < totalBytes) throw truncated('a header');
  return members;
}

/** The first block tells whether it is a tar at all. */
function firstHeader(block: Buffer): Header {
  try {
    return parseHeader(block);
  } catch (cause) {
    throw new SkiffError('ARCHIVE_INVALID', 'not a tar archive', { cause });
  }
}

function memberOf(typeflag: string, offset: number, sizeBytes: number, name: string, extension: Extension, linkName: string): Member {
  const target = extension.linkName ?? linkName;
  if (extension.sparse !== undefined) return { kind: 'other' };
  if (typeflag === '0' || typeflag === '\0' || typeflag === '7') return { kind: 'file', offset, sizeBytes };
  if (typeflag === '2') return { kind: 'link', target: linkTarget(name, target) };
  if (typeflag === '1') return { kind: 'link', target: cleanName(target) ?? '' };
  return { kind: 'other' };
}

function add(members: Map<string, Member>, name: string, member: Member): void {
  const before = members.get(name);
  // Folders may be named many times; they are never read.
  members.set(name, before === undefined || (before.kind === 'other' && member.kind === 'other') ? member : { kind: 'twice' });
}

function readExtension(typeflag: string, readAt: ReadAt, offset: number, length: number, into: Extension): void {
  if (length > maxExtensionBytes) throw new SkiffError('ARCHIVE_INVALID', `extended header of ${length} bytes`);
  const bytes = readAt(offset, length);
  if (typeflag === 'x') readPax(bytes, into, false);
  else if (typeflag === 'L' || typeflag === 'K') {
    const end = bytes.indexOf(0);
    const name = bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
    if (typeflag === 'L') into.name = name;
    else into.linkName = name;
  }
}

/** A relative path without "." and empty components; undefined where it is absolute or holds "..". */
export function cleanName(name: string): string | undefined {
  if (name.startsWith('/') || name.includes('\0')) return undefined;
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  return parts.includes('..') || parts.length === 0 ? undefined : parts.join('/');
}

/** Where a symlink at `name` leads inside the archive; "" where it leads out. */
function linkTarget(name: string, target: string): string {
  if (target.startsWith('/')) return '';
  const parts = name.split('/').slice(0, -1);
  for (const part of target.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (parts.pop() === undefined) return '';
    } else parts.push(part);
  }
  return parts.join('/');
}

/** The file that a name leads to through links. @throws NOT_FOUND, ARCHIVE_INVALID */
export function findMember(index: TarIndex, name: string): { offset: number; sizeBytes: number } {
  let at = name;
  for (let hops = 0; hops <= 8; hops++) {
    const member = index.get(at);
    if (member === undefined) throw new SkiffError('NOT_FOUND', `member ${JSON.stringify(name)} is missing${at === name ? '' : ` (its link leads to ${JSON.stringify(at)})`}`);
    if (member.kind === 'file') return member;
    if (member.kind === 'other') throw new SkiffError('ARCHIVE_INVALID', `member ${JSON.stringify(at)} is no regular file`);
    if (member.kind === 'twice') throw new SkiffError('ARCHIVE_INVALID', `member ${JSON.stringify(at)} occurs more than once`);
    at = member.target;
  }
  throw new SkiffError('ARCHIVE_INVALID', `member ${JSON.stringify(name)} is a chain of links without end`);
}

function truncated(where: string): SkiffError {
  return new SkiffError('ARCHIVE_TRUNCATED', `the archive ends inside ${where}`);
}
