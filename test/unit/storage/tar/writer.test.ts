import test from 'ava';
import type { TarEntry } from '../../../../src/storage/tar/entry.ts';
import { TarScanner } from '../../../../src/storage/tar/scanner.ts';
import type { EntryToWrite } from '../../../../src/storage/tar/writer.ts';
import { encodeHeader, endOfArchive, paddingOf } from '../../../../src/storage/tar/writer.ts';

const plain: EntryToWrite = {
  type: 'file', name: 'a', linkName: '', mode: 0o644, uid: 0, gid: 0, sizeBytes: 0, mtime: { seconds: 1, nanoseconds: 0 }, devMajor: 0, devMinor: 0, xattrs: new Map(),
};

function read(bytes: Buffer): TarEntry {
  let found: TarEntry | undefined;
  const scanner = new TarScanner({ raw: () => undefined, entry: (entry) => { found = entry; }, data: () => undefined, entryEnd: () => undefined });
  scanner.push(bytes);
  return found as TarEntry;
}

test('encodeHeader() writes what TarScanner reads', (t) => {
  const entries: Partial<EntryToWrite>[] = [
    {}, { type: 'dir', name: 'd/', mode: 0o1777 }, { type: 'symlink', linkName: '../x' }, { type: 'link', linkName: 'b' }, { type: 'fifo' },
    { type: 'char', devMajor: 5, devMinor: 1 }, { name: `${'p'.repeat(60)}/${'n'.repeat(90)}` }, { name: 'n'.repeat(101) }, { name: `${'d/'.repeat(200)}x` },
    { name: 'caf\xc3\xa9' }, { name: 'caf\xe9\xff' }, { type: 'symlink', linkName: 'l'.repeat(300) }, { type: 'symlink', linkName: '\xff' },
    { uid: 3_000_000, gid: 4_294_967_294 }, { mtime: { seconds: -1, nanoseconds: 0 } }, { mtime: { seconds: -2, nanoseconds: 250_000_000 } },
    { mtime: { seconds: 1_700_000_000, nanoseconds: 1 } }, { mtime: { seconds: 1_700_000_000, nanoseconds: 123_456_789 } }, { mode: 0o6755 },
    { xattrs: new Map([['user.b', Buffer.from('\n=\0')], ['security.capability', Buffer.from([1, 0, 255])]]) },
  ];
  for (const part of entries) {
    const entry = { ...plain, ...part };
    const { storedBytes: _stored, sparse: _sparse, ...found } = read(encodeHeader(entry));
    t.deepEqual({ ...found, xattrs: [...found.xattrs].toSorted() }, { ...entry, xattrs: [...entry.xattrs].toSorted() });
  }
  t.is(read(encodeHeader({ ...plain, sizeBytes: 2 ** 40 })).sizeBytes, 2 ** 40);
});

test('encodeHeader() needs one block for what ustar can say, and gives a folder its slash', (t) => {
  t.is(encodeHeader(plain).length, 512);
  t.is(encodeHeader({ ...plain, name: `${'p'.repeat(60)}/${'n'.repeat(90)}` }).length, 512);
  t.is(read(encodeHeader({ ...plain, type: 'dir', name: 'd' })).name, 'd/');
});

test('encodeHeader() does not depend on the order of attributes', (t) => {
  const one = Buffer.from('1');
  t.deepEqual(encodeHeader({ ...plain, xattrs: new Map([['user.a', one], ['user.b', one]]) }), encodeHeader({ ...plain, xattrs: new Map([['user.b', one], ['user.a', one]]) }));
});

test('PAX records count their own length right where it grows by a digit', (t) => {
  for (let length = 80; length < 120; length++) {
    const value = Buffer.alloc(length, 0x78);
    t.is(read(encodeHeader({ ...plain, xattrs: new Map([['user.x', value]]) })).xattrs.get('user.x')?.length, length);
  }
});

test('paddingOf() fills the last block', (t) => {
  t.deepEqual([0, 1, 511, 512, 513].map(paddingOf), [0, 511, 1, 0, 511]);
  t.is(endOfArchive.length, 1024);
});
