import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { diskUsage, type Counted } from '../../../src/host/disk-usage.ts';

function tree(t: { teardown: (fn: () => void) => void }): string {
  const dir = mkdtempSync(join(tmpdir(), 'skiff-du-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  mkdirSync(join(dir, 'd/e'), { recursive: true });
  writeFileSync(join(dir, 'd/file'), Buffer.alloc(10_000, 1));
  linkSync(join(dir, 'd/file'), join(dir, 'd/e/again'));
  symlinkSync('/etc', join(dir, 'd/link'));
  writeFileSync(Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0xff, 0xfe])]), 'no UTF-8');
  return dir;
}
const du = (...paths: string[]): number => Number(execFileSync('du', ['-s', '-c', '-x', '-B1', ...paths], { encoding: 'utf8' }).trimEnd().split('\n').at(-1)?.split('\t')[0]);

test('diskUsage() of a tree is what du says', (t) => {
  const dir = tree(t);
  t.is(diskUsage(dir), du(dir));
  t.is(diskUsage(join(dir, 'd/file')), du(join(dir, 'd/file')));
  t.is(diskUsage(join(dir, 'none')), 0);
});

test('diskUsage() counts a file with several names once among all that are measured together', (t) => {
  const dir = tree(t);
  const counted: Counted = new Set();
  t.is(diskUsage(join(dir, 'd/file'), counted) + diskUsage(join(dir, 'd/e'), counted), du(join(dir, 'd/file'), join(dir, 'd/e')));
  t.is(diskUsage(join(dir, 'd/file'), counted), 0);
});
