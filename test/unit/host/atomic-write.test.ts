import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { isTemporaryName, writeFileAtomic } from '../../../src/host/atomic-write.ts';

function folder(t: ExecutionContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'skiff-atomic-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  return dir;
}

test('writeFileAtomic() makes and replaces a file with the mode asked for, whatever the umask', (t) => {
  const dir = folder(t);
  const path = join(dir, 'file');
  const before = process.umask(0o077);
  t.teardown(() => process.umask(before));
  writeFileAtomic(path, 'one', { mode: 0o644 });
  t.is(statSync(path).mode & 0o777, 0o644);
  writeFileAtomic(path, Buffer.from([0, 255]), { sync: false });
  t.deepEqual([...readFileSync(path)], [0, 255]);
  t.is(statSync(path).mode & 0o777, 0o600);
  t.deepEqual(readdirSync(dir), ['file']);
});

test('writeFileAtomic() replaces a symlink and leaves its target alone', (t) => {
  const dir = folder(t);
  writeFileSync(join(dir, 'target'), 'precious');
  symlinkSync('target', join(dir, 'link'));
  writeFileAtomic(join(dir, 'link'), 'new');
  t.is(readFileSync(join(dir, 'target'), 'utf8'), 'precious');
  t.is(readFileSync(join(dir, 'link'), 'utf8'), 'new');
});

test('writeFileAtomic() that fails leaves the old file and nothing else', (t) => {
  const dir = folder(t);
  mkdirSync(join(dir, 'name'));
  writeFileSync(join(dir, 'name', 'inside'), '');
  t.throws(() => writeFileAtomic(join(dir, 'name'), 'x'), { code: 'EISDIR' });
  t.deepEqual(readdirSync(dir), ['name']);
  t.throws(() => writeFileAtomic(join(dir, 'no', 'file'), 'x'), { code: 'ENOENT' });
});

test('writeFileAtomic() takes names as long as the file system does', (t) => {
  const dir = folder(t);
  for (const name of ['é'.repeat(127), 'x'.repeat(255)]) {
    writeFileAtomic(join(dir, name), name);
    t.is(readFileSync(join(dir, name), 'utf8'), name);
  }
});

test('isTemporaryName() knows what a cut write leaves, and no other name', (t) => {
  t.true(isTemporaryName('.tmp-1a-2b-config.v2.json'));
  for (const name of ['.tmp', '.tmp-config.json', 'tmp-1a-2b-x', '.tmp-1A-2b-x']) t.false(isTemporaryName(name), name);
});
