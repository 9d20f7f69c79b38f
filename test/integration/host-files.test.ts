import { chmodSync, closeSync, fstatSync, ftruncateSync, lstatSync, mkdirSync, mkdtempSync, openSync, readFileSync, readSync, readdirSync, rmSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { quickSha256 } from '../../src/host/quick-sha256.ts';
import { randomBelow, randomHex } from '../../src/host/random.ts';
import { sys } from '../../src/host/sys.ts';
import { sha256Hex } from '../../src/lib/sha256.ts';
import { removeTree } from '../../src/host/remove-tree.ts';

/** Not in /tmp, which may be a file system without user xattrs. */
function folder(t: ExecutionContext): string {
  const dir = mkdtempSync('/var/tmp/skiff-host-');
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Bytes that are no UTF-8, with a newline in them. */
const odd = Buffer.from([0x66, 0xff, 0x0a, 0xfe]);
const inside = (dir: string, name: Buffer): Buffer => Buffer.concat([Buffer.from(`${dir}/`), name]);

test('a failed call throws what node:fs throws: code, errno, syscall, path, message', (t) => {
  const path = join(folder(t), 'missing');
  const ours = t.throws(() => sys().lstat(path)) as NodeJS.ErrnoException;
  const theirs = t.throws(() => lstatSync(path)) as NodeJS.ErrnoException;
  t.deepEqual({ ...ours, message: ours.message }, { ...theirs, message: theirs.message });
  t.true(ours instanceof Error);
});

test('a name with a null byte, or of the wrong type, is refused before any call', (t) => {
  for (const path of ['a\0b', Buffer.from('a\0b')]) t.throws(() => sys().lstat(path), { instanceOf: TypeError, code: 'ERR_INVALID_ARG_VALUE' });
  for (const path of [3, undefined, null, {}, ['x']]) t.throws(() => sys().lstat(path as unknown as string), { instanceOf: TypeError, code: 'ERR_INVALID_ARG_TYPE' });
  for (const fd of [1.5, 2 ** 40, Number.NaN, '3']) t.throws(() => sys().syncfs(fd as number), { instanceOf: TypeError });
  t.throws(() => sys().lstat('x'.repeat(5000)), { code: 'ENAMETOOLONG' });
});

test('names that are no UTF-8 work as Buffers', (t) => {
  const dir = folder(t);
  const path = inside(dir, odd);
  writeFileSync(path, 'x');
  t.is(sys().lstat(path).size, 1);
  sys().lutimes(path, 5n, 6n);
  t.is(lstatSync(path, { bigint: true }).mtimeNs, 6n);
  t.deepEqual(readdirSync(dir, { encoding: 'buffer' }), [odd]);
});

test('lutimes() sets nanoseconds, times before 1970 too, on a link itself', (t) => {
  const dir = folder(t);
  const link = join(dir, 'link');
  symlinkSync('nowhere', link);
  for (const mtimeNs of [1_700_000_000_123_456_789n, 0n, -1n, -1_500_000_001n]) {
    sys().lutimes(link, 1n, mtimeNs);
    t.is(lstatSync(link, { bigint: true }).mtimeNs, mtimeNs);
    t.is(sys().lstat(link).mtimeNs, mtimeNs);
  }
  t.throws(() => sys().lutimes(link, 2n ** 70n, 0n), { instanceOf: TypeError });
});

test('xattrs: set, get, list, remove; large, empty and binary values; missing is undefined', (t) => {
  const file = join(folder(t), 'file');
  writeFileSync(file, '');
  const values = { 'user.empty': Buffer.alloc(0), 'user.binary': Buffer.from([0, 1, 255]), 'user.large': Buffer.alloc(2000, 7) };
  for (const [name, value] of Object.entries(values)) sys().lsetxattr(file, name, value);
  for (const [name, value] of Object.entries(values)) t.deepEqual(sys().lgetxattr(file, name), value);
  t.deepEqual(sys().llistxattr(file).map(String).filter((name) => name.startsWith('user.')).toSorted(), Object.keys(values).toSorted());
  sys().lremovexattr(file, 'user.empty');
  t.is(sys().lgetxattr(file, 'user.empty'), undefined);
  t.throws(() => sys().lremovexattr(file, 'user.empty'), { code: 'ENODATA' });
  t.throws(() => sys().lgetxattr(`${file}-missing`, 'user.x'), { code: 'ENOENT' });
});

test('lstat() tells hard links by identity', (t) => {
  const dir = folder(t);
  writeFileSync(join(dir, 'a'), 'x');
  writeFileSync(join(dir, 'b'), 'x');
  const a = sys().lstat(join(dir, 'a'));
  t.is(a.identity, sys().lstat(join(dir, 'a')).identity);
  t.not(a.identity, sys().lstat(join(dir, 'b')).identity);
  t.is(a.ino, lstatSync(join(dir, 'a')).ino);
  t.is(a.mode, lstatSync(join(dir, 'a')).mode);
});

test('openat2() keeps links inside the root, and refuses to leave it', (t) => {
  const RESOLVE_IN_ROOT = 0x10;
  const RESOLVE_BENEATH = 0x08;
  const RESOLVE_NO_SYMLINKS = 0x04;
  const RESOLVE_NO_MAGICLINKS = 0x02;
  const dir = folder(t);
  mkdirSync(join(dir, 'root'));
  writeFileSync(join(dir, 'root', 'file'), 'inside');
  writeFileSync(join(dir, 'file'), 'outside');
  symlinkSync('/file', join(dir, 'root', 'absolute'));
  symlinkSync('../file', join(dir, 'root', 'up'));
  symlinkSync('/proc/self/fd/0', join(dir, 'root', 'magic'));
  const root = openSync(join(dir, 'root'), 'r');
  t.teardown(() => closeSync(root));
  const read = (path: string, resolve: number): string => {
    const fd = sys().openat2(root, path, 0, 0, resolve);
    try {
      return readFileSync(fd, 'utf8');
    } finally {
      closeSync(fd);
    }
  };
  for (const path of ['file', 'absolute', 'up', '../../file', '/file']) t.is(read(path, RESOLVE_IN_ROOT), 'inside', path);
  for (const path of ['up', 'absolute', '../file', '/file']) t.throws(() => read(path, RESOLVE_BENEATH), { code: 'EXDEV' }, path);
  t.throws(() => read('absolute', RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS), { code: 'ELOOP' });
  t.throws(() => read('magic', RESOLVE_NO_MAGICLINKS), { code: 'ELOOP' });
});

test('renameNoReplace() refuses an existing name, renameExchange() swaps two', (t) => {
  const dir = folder(t);
  const [a, b] = [join(dir, 'a'), join(dir, 'b')] as const;
  writeFileSync(a, 'A');
  writeFileSync(b, 'B');
  const error = t.throws(() => sys().renameNoReplace(a, b), { code: 'EEXIST' }) as NodeJS.ErrnoException & { dest?: string };
  t.is(error.dest, b);
  sys().renameExchange(a, b);
  t.deepEqual([readFileSync(a, 'utf8'), readFileSync(b, 'utf8')], ['B', 'A']);
});

test('seekData() and seekHole() find the holes of a sparse file', (t) => {
  const path = join(folder(t), 'sparse');
  const fd = openSync(path, 'w+');
  t.teardown(() => closeSync(fd));
  ftruncateSync(fd, 4 << 20);
  writeSync(fd, 'x', 1 << 20);
  const data = sys().seekData(fd, 0);
  t.true(data !== undefined && data > 0 && data <= 1 << 20);
  t.is(sys().seekData(fd, 2 << 20), undefined);
  t.true(sys().seekHole(fd, data ?? 0) > (1 << 20));
});

test('memfd(), pipe() and socketpair() are close-on-exec', (t) => {
  const fds = [sys().memfd('x'), ...sys().pipe(), ...sys().socketpair('stream'), ...sys().socketpair('seqpacket')];
  t.teardown(() => fds.forEach((fd) => closeSync(fd)));
  for (const fd of fds) {
    t.true(fstatSync(fd) !== undefined);
    t.regex(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'), /^flags:\s+\d*2\d{6}$/m);
  }
});

test('socketpair("seqpacket") keeps packets apart', (t) => {
  const [a, b] = sys().socketpair('seqpacket');
  t.teardown(() => [a, b].forEach((fd) => closeSync(fd)));
  writeSync(a, 'one');
  writeSync(a, 'three');
  t.deepEqual(sys().poll([a, b], 0), [b]);
  const buffer = Buffer.alloc(100);
  const lengths = [0, 1].map(() => readSync(b, buffer));
  t.deepEqual(lengths, [3, 5]);
  t.deepEqual(sys().poll([a, b], 10), []);
  t.throws(() => sys().socketpair('dgram' as 'stream'), { instanceOf: TypeError });
});

test('connectSeqpacket() reports a missing and a dead socket, by a path of any length', (t) => {
  const dir = folder(t);
  const deep = join(dir, 'x'.repeat(150));
  mkdirSync(deep);
  t.throws(() => sys().connectSeqpacket(join(dir, 'none')), { code: 'ENOENT' });
  t.throws(() => sys().connectSeqpacket(join(deep, 'none')), { code: 'ENOENT' });
  writeFileSync(join(deep, 'file'), '');
  t.throws(() => sys().connectSeqpacket(join(deep, 'file')), { code: 'ECONNREFUSED' });
});

test('removeTree() removes odd names, closed folders and great depth, and follows no link', (t) => {
  const dir = folder(t);
  const outside = join(dir, 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'precious'), '');
  const tree = join(dir, 'tree');
  mkdirSync(tree);
  mkdirSync(inside(tree, odd));
  writeFileSync(Buffer.concat([inside(tree, odd), Buffer.from('/'), odd]), '');
  symlinkSync(outside, join(tree, 'link'));
  symlinkSync('nowhere', join(tree, 'dangling'));
  mkdirSync(join(tree, 'closed'));
  writeFileSync(join(tree, 'closed', 'file'), '');
  mkdirSync(join(tree, 'closed', 'dir'), { mode: 0 });
  chmodSync(join(tree, 'closed'), 0);
  // 3000 levels of 10 characters: far beyond PATH_MAX and beyond what may be open at once.
  const before = process.cwd();
  try {
    process.chdir(tree);
    for (let level = 0; level < 3000; level++) {
      mkdirSync('deeper-dir');
      process.chdir('deeper-dir');
      if (level % 500 === 0) writeFileSync('file', '');
    }
  } finally {
    process.chdir(before);
  }
  removeTree(tree);
  t.deepEqual(readdirSync(dir), ['outside']);
  t.deepEqual(readdirSync(outside), ['precious']);
  t.notThrows(() => removeTree(tree));
  symlinkSync(outside, join(dir, 'link'));
  removeTree(join(dir, 'link'));
  t.deepEqual(readdirSync(dir), ['outside']);
});

test('removeTree() of a folder that another process removes, too, and puts the next one in the place of', async (t) => {
  const dir = folder(t);
  const target = join(dir, 'gone');
  // As removeRunDir does: full folders get this name, which is free where what bore it is empty.
  const other = new Worker(`
    const { mkdirSync, renameSync, writeFileSync } = require('node:fs');
    for (let made = 0; made < 3000;) {
      const full = ${JSON.stringify(join(dir, 'next-'))} + made;
      mkdirSync(full);
      writeFileSync(full + '/change', '');
      for (let waits = true; waits;) {
        try { renameSync(full, ${JSON.stringify(target)}); waits = false; } catch (error) { if (error.code !== 'ENOTEMPTY') throw error; }
      }
      made++;
    }`, { eval: true });
  t.teardown(() => other.terminate());
  const ended = new Promise<boolean>((resolve, reject) => { other.on('exit', () => resolve(true)).on('error', reject); });
  for (let over = false; !over; over = await Promise.race([ended, setImmediate(false)])) {
    for (let removals = 0; removals < 50; removals++) removeTree(target);
  }
  removeTree(target);
  t.deepEqual(readdirSync(dir), []);
});

test('sha256 of the addon is node:crypto\u2019s, for every length around the block, text and views', (t) => {
  for (let length = 0; length < 200; length++) {
    const bytes = Buffer.alloc(length, length);
    t.is(sys().sha256(bytes)?.toString('hex'), createHash('sha256').update(bytes).digest('hex'), String(length));
  }
  quickSha256();
  for (const data of ['', '\u00e4\u4e2d', new Uint8Array(Buffer.from('xabcx').buffer, Buffer.from('').byteOffset, 0), Buffer.from('xabcx').subarray(1, 4)]) {
    t.is(sha256Hex(data), createHash('sha256').update(data).digest('hex'));
  }
  t.throws(() => sys().sha256('text' as unknown as Buffer), { instanceOf: TypeError });
});

test('random bytes are of the length asked for and not the same twice; randomBelow gives every number', (t) => {
  for (const length of [0, 1, 256]) t.is(sys().random(length).length, length);
  t.throws(() => sys().random(257), { code: 'ERR_INVALID_ARG_VALUE' });
  t.not(randomHex(16), randomHex(16));
  t.regex(randomHex(16), /^[0-9a-f]{32}$/);
  t.deepEqual([...new Set(Array.from({ length: 2000 }, () => randomBelow(7)))].toSorted(), [0, 1, 2, 3, 4, 5, 6]);
});
