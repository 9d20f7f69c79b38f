import test from 'ava';
import { SkiffError } from '../../../../src/lib/errors.ts';
import type { TarEntry } from '../../../../src/storage/tar/entry.ts';
import { TarScanner } from '../../../../src/storage/tar/scanner.ts';
import { end, member, padded, paxMember, paxRecord, rawHeader } from '../../../helpers/make-tar.ts';

interface Seen { entry: TarEntry; data: string }

/** Scans in chunks of `chunkBytes`; checks that raw bytes and data in order are the archive. */
function scan(archive: Buffer, chunkBytes = archive.length): Seen[] {
  const seen: Seen[] = [];
  const all: Buffer[] = [];
  const scanner = new TarScanner({
    raw: (bytes) => { all.push(Buffer.from(bytes)); },
    entry: (entry) => { seen.push({ entry, data: '' }); },
    data: (bytes) => {
      all.push(Buffer.from(bytes));
      (seen.at(-1) as Seen).data += bytes.toString('latin1');
    },
    entryEnd: () => { /* counted by entry */ },
  });
  for (let at = 0; at < archive.length; at += chunkBytes) scanner.push(archive.subarray(at, at + chunkBytes));
  scanner.end();
  if (!Buffer.concat(all).equals(archive)) throw new Error('raw bytes and data are not the archive');
  return seen;
}

function names(archive: Buffer): string[] {
  return scan(archive).map(({ entry }) => entry.name);
}

function codeOf(archive: Buffer): string {
  try {
    scan(archive);
    return 'none';
  } catch (error) {
    return error instanceof SkiffError ? error.code : String(error);
  }
}

test('TarScanner gives the same members however the bytes are cut', (t) => {
  const archive = Buffer.concat([
    member({ name: 'a', mtime: 5 }, 'hello'), paxMember('x', { path: 'long/b', mtime: '7.5', 'SCHILY.xattr.user.x': 'v' }), member({ name: 'b' }, 'x'.repeat(1025)),
    member({ name: 'c/', type: '5', mode: 0o1777 }), end, Buffer.from('trailing garbage'),
  ]);
  const whole = scan(archive);
  t.deepEqual(whole.map(({ entry, data }) => [entry.name, entry.type, data.length]), [['a', 'file', 5], ['long/b', 'file', 1025], ['c/', 'dir', 0]]);
  t.deepEqual(whole[1]?.entry.mtime, { seconds: 7, nanoseconds: 500_000_000 });
  t.is(whole[1]?.entry.xattrs.get('user.x')?.toString(), 'v');
  for (const bytes of [1, 7, 511, 512, 513, 4096]) t.deepEqual(scan(archive, bytes), whole);
});

test('TarScanner takes archives without end blocks, with one, and without the last padding', (t) => {
  const one = member({ name: 'a' }, 'hello');
  t.deepEqual(names(one), ['a']);
  t.deepEqual(names(Buffer.concat([one, Buffer.alloc(512)])), ['a']);
  t.deepEqual(names(one.subarray(0, 512 + 5)), ['a']);
  t.deepEqual(names(Buffer.alloc(0)), []);
});

test('TarScanner calls an archive truncated that ends inside a header, data or an extension', (t) => {
  const one = member({ name: 'a' }, 'hello');
  t.is(codeOf(one.subarray(0, 100)), 'ARCHIVE_TRUNCATED');
  t.is(codeOf(one.subarray(0, 512 + 4)), 'ARCHIVE_TRUNCATED');
  t.is(codeOf(paxMember('x', { path: 'x' })), 'ARCHIVE_TRUNCATED');
  t.is(codeOf(rawHeader({ name: 'L', type: 'L', size: 20 })), 'ARCHIVE_TRUNCATED');
});

test('TarScanner reads GNU long names and links', (t) => {
  const long = 'd/'.repeat(200);
  const seen = scan(Buffer.concat([
    member({ name: '././@LongLink', type: 'L', magic: 'ustar  \0' }, `${long}name\0`), member({ name: '././@LongLink', type: 'K', magic: 'ustar  \0' }, `${long}target\0`),
    member({ name: 'short', type: '2', magic: 'ustar  \0' }), end,
  ]));
  t.is(seen[0]?.entry.name, `${long}name`);
  t.is(seen[0]?.entry.linkName, `${long}target`);
});

test('TarScanner keeps names that are no UTF-8 as bytes', (t) => {
  t.deepEqual(names(Buffer.concat([member({ name: 'caf\xe9' }), paxMember('x', { path: '\xff\xfe' }), member({}), end])), ['caf\xe9', '\xff\xfe']);
});

test('TarScanner reads base-256 numbers and ustar prefixes', (t) => {
  const size = Buffer.alloc(12);
  size[0] = 0x80;
  size.writeUInt32BE(5, 8);
  const mtime = Buffer.alloc(12, 0xff);
  const uid = Buffer.from([0x80, 0, 0, 0, 0, 0x20, 0, 0]);
  const [seen] = scan(Buffer.concat([rawHeader({ name: 'n', prefix: 'p/q', size, mtime, uid }), padded('hello'), end]));
  t.is(seen?.entry.name, 'p/q/n');
  t.is(seen?.data, 'hello');
  t.deepEqual(seen?.entry.mtime, { seconds: -1, nanoseconds: 0 });
  t.is(seen?.entry.uid, 0x200000);
});

test('TarScanner applies ids and times of a global header, not names', (t) => {
  const [one, two] = scan(Buffer.concat([paxMember('g', { mtime: '9', uid: '7', path: 'evil' }), member({ name: 'a', mtime: 1 }), paxMember('x', { uid: '8' }), member({ name: 'b' }), end]));
  t.deepEqual([one?.entry.name, one?.entry.uid, one?.entry.mtime.seconds], ['a', 7, 9]);
  t.deepEqual([two?.entry.name, two?.entry.uid], ['b', 8]);
});

test('TarScanner gives no data to types that have none, whatever their size field says', (t) => {
  const seen = scan(Buffer.concat([rawHeader({ name: 'l', type: '1', linkName: 'a', size: 5 }), member({ name: 'a' }, 'hello'), end]));
  t.deepEqual(seen.map(({ entry, data }) => [entry.name, entry.sizeBytes, data]), [['l', 0, ''], ['a', 5, 'hello']]);
});

test('TarScanner reads sparse files of PAX 0.0, 0.1 and 1.0', (t) => {
  const v00 = member({ name: 'x', type: 'x' }, ['GNU.sparse.size=10', 'GNU.sparse.numblocks=2', 'GNU.sparse.offset=0', 'GNU.sparse.numbytes=2', 'GNU.sparse.offset=8', 'GNU.sparse.numbytes=2']
    .map((text) => paxRecord(text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1))).join(''));
  const v01 = paxMember('x', { 'GNU.sparse.size': '10', 'GNU.sparse.numblocks': '2', 'GNU.sparse.map': '0,2,8,2', 'GNU.sparse.name': 'real' });
  const v10 = paxMember('x', { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.name': 'real', 'GNU.sparse.realsize': '10' });
  const map = padded('2\n0\n2\n8\n2\n').toString('latin1');
  for (const [archive, name] of [
    [Buffer.concat([v00, member({ name: 's' }, 'abcd'), end]), 's'], [Buffer.concat([v01, member({ name: 's' }, 'abcd'), end]), 'real'],
    [Buffer.concat([v10, member({ name: 'GNUSparseFile.0/s' }, `${map}abcd`), end]), 'real'],
  ] as const) {
    const [seen] = scan(archive, 100);
    t.is(seen?.entry.name, name);
    t.is(seen?.entry.sizeBytes, 10);
    t.is(seen?.data, 'abcd');
    t.deepEqual(seen?.entry.sparse, [{ offset: 0, length: 2 }, { offset: 8, length: 2 }]);
  }
});

test('TarScanner reads GNU sparse files with extension blocks', (t) => {
  const pairs = Array.from({ length: 30 }, (_, at) => [at * 100, 1] as const);
  const put = (block: Buffer, offset: number, list: readonly (readonly [number, number])[]): void => list.forEach(([from, length], at) => {
    block.write(from.toString(8).padStart(11, '0'), offset + at * 24, 'latin1');
    block.write(length.toString(8).padStart(11, '0'), offset + at * 24 + 12, 'latin1');
  });
  const header = rawHeader({ name: 's', type: 'S', magic: 'ustar  \0', size: 30, patch: (block) => {
    put(block, 386, pairs.slice(0, 4));
    block[482] = 1;
    block.write((5000).toString(8).padStart(11, '0'), 483, 'latin1');
  } });
  const first = Buffer.alloc(512);
  put(first, 0, pairs.slice(4, 25));
  first[504] = 1;
  const second = Buffer.alloc(512);
  put(second, 0, pairs.slice(25));
  const [seen] = scan(Buffer.concat([header, first, second, padded('x'.repeat(30)), end]), 300);
  t.is(seen?.entry.sizeBytes, 5000);
  t.is(seen?.entry.sparse?.length, 30);
  t.is(seen?.data.length, 30);
});

test('TarScanner refuses sparse maps that overlap, leave the file, or do not fit the data', (t) => {
  const sparse = (map: string, count: number, size = '10'): Buffer => Buffer.concat([
    paxMember('x', { 'GNU.sparse.size': size, 'GNU.sparse.numblocks': String(count), 'GNU.sparse.map': map }), member({ name: 's' }, 'abcd'), end,
  ]);
  t.is(codeOf(sparse('0,2,8,2', 2)), 'none');
  for (const archive of [sparse('0,4,2,0', 2), sparse('8,4', 1), sparse('0,3', 1), sparse('0,2,8,2', 3), sparse('0,2,8', 2), sparse('9007199254740991,4', 1)]) t.is(codeOf(archive), 'ARCHIVE_INVALID');
});

test('TarScanner refuses broken headers and records', (t) => {
  const broken = rawHeader({ name: 'a' });
  broken[0] = 0x62;
  t.is(codeOf(broken), 'ARCHIVE_INVALID');
  t.is(codeOf(Buffer.concat([member({ name: 'x', type: 'x' }, '9 path=a'), member({}), end])), 'ARCHIVE_INVALID');
  t.is(codeOf(Buffer.concat([member({ name: 'x', type: 'x' }, '99 path=a\n'), member({}), end])), 'ARCHIVE_INVALID');
  t.is(codeOf(Buffer.concat([paxMember('x', { path: 'a\0b' }), member({}), end])), 'ARCHIVE_INVALID');
  t.is(codeOf(Buffer.concat([paxMember('x', { size: '-5' }), member({}), end])), 'ARCHIVE_INVALID');
  t.is(codeOf(Buffer.concat([paxMember('x', { uid: '4294967295' }), member({}), end])), 'ARCHIVE_INVALID');
  t.is(codeOf(rawHeader({ name: 'x', type: 'L', size: 100_000_000 })), 'ARCHIVE_INVALID');
  t.is(codeOf(Buffer.concat([member({ type: 'Z' }), end])), 'ARCHIVE_INVALID');
  t.is(codeOf(Buffer.concat([Buffer.alloc(512), member({}), end])), 'ARCHIVE_INVALID');
  t.is(codeOf(Buffer.from('this is not a tar archive, however long it may be. '.repeat(20))), 'ARCHIVE_INVALID');
});

test('TarScanner survives random damage: it ends with members or with an error of its own', (t) => {
  const archive = Buffer.concat([
    paxMember('x', { path: 'p', mtime: '1.5', 'GNU.sparse.map': '0,2,8,2', 'GNU.sparse.size': '10', 'GNU.sparse.numblocks': '2' }), member({ name: 's' }, 'abcd'),
    member({ name: 'l', type: 'L', magic: 'ustar  \0' }, 'long\0'), member({ name: 'f' }, 'data'), member({ name: 'd/', type: '5' }), end,
  ]);
  let state = 12345;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const codes = new Set<string>();
  for (let round = 0; round < 3000; round++) {
    const damaged = Buffer.from(archive);
    for (let hit = 0; hit <= random(4); hit++) damaged[random(damaged.length)] = random(256);
    // Half of the time the checksums are made right again, so that the damage is looked at.
    if (round % 2 === 0) for (let at = 0; at < damaged.length; at += 512) if (damaged[at + 257] === 0x75) resum(damaged.subarray(at, at + 512));
    codes.add(codeOf(round % 3 === 0 ? damaged.subarray(0, random(damaged.length)) : damaged));
  }
  t.deepEqual([...codes].toSorted(), ['ARCHIVE_INVALID', 'ARCHIVE_TRUNCATED', 'none']);
});

function resum(block: Buffer): void {
  block.fill(0x20, 148, 156);
  block.write(`${block.reduce((total, byte) => total + byte, 0).toString(8).padStart(6, '0')}\0 `, 148, 8, 'latin1');
}
