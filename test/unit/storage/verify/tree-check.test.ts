import { chmodSync, linkSync, lutimesSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { noXattrs, type TarEntry } from '../../../../src/storage/tar/entry.ts';
import { TreeCheck } from '../../../../src/storage/verify/tree-check.ts';

const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const entry = (type: TarEntry['type'], name: string, more: Partial<TarEntry> = {}): TarEntry => ({
  type, name, linkName: '', mode: type === 'dir' ? 0o755 : 0o644, ...own, sizeBytes: 0, storedBytes: 0, mtime: { seconds: 0, nanoseconds: 0 }, devMajor: 0, devMinor: 0, xattrs: noXattrs, sparse: undefined, ...more,
});

/** A tree that has what `entries` say. */
function tree(t: { teardown: (fn: () => void) => void }): string {
  process.umask(0o022);
  const dir = mkdtempSync(join(tmpdir(), 'skiff-tree-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  mkdirSync(join(dir, 'd'));
  writeFileSync(join(dir, 'd/f'), 'hello');
  linkSync(join(dir, 'd/f'), join(dir, 'd/g'));
  symlinkSync('f', join(dir, 'd/s'));
  for (const name of ['d/f', 'd/s', 'd']) lutimesSync(join(dir, name), 0, 0);
  return dir;
}
const entries = [entry('dir', './d/'), entry('file', './d/f', { sizeBytes: 5 }), entry('link', 'd/g', { linkName: 'd/f' }), entry('symlink', 'd/s', { linkName: 'f', mode: 0o777 })];

function check(root: string, members: readonly TarEntry[]): string[] {
  const checker = new TreeCheck(root);
  for (const member of members) {
    checker.entry(member);
    checker.entryEnd();
  }
  const found = checker.finish();
  return [...found, ...checker.timesBeside(found)];
}

test('TreeCheck finds nothing in a tree that is as its tar', (t) => {
  t.deepEqual(check(tree(t), entries), []);
});

const damages: readonly (readonly [name: string, harm: (root: string) => void, finding: RegExp])[] = [
  ['a missing file', (root) => unlinkSync(join(root, 'd/s')), /^"d\/s" is missing$/],
  ['a file too many', (root) => writeFileSync(join(root, 'd/new'), ''), /^"d\/new" does not belong here$/],
  ['another length', (root) => writeFileSync(join(root, 'd/f'), 'hello!'), /^"d\/f" has 6 bytes, expected 5$/],
  ['another mode', (root) => chmodSync(join(root, 'd'), 0o700), /^"d" has mode 700, expected 755$/],
  ['a link that leads elsewhere', (root) => { unlinkSync(join(root, 'd/s')); symlinkSync('g', join(root, 'd/s')); }, /^"d\/s" leads elsewhere$/],
  ['a hard link that is none', (root) => { unlinkSync(join(root, 'd/g')); writeFileSync(join(root, 'd/g'), 'hello'); }, /^"d\/g" is no hard link to "d\/f" any more$/],
  ['another time', (root) => lutimesSync(join(root, 'd/s'), 86400, 86400), /^"d\/s" has time 1970-01-02T00:00:00Z, expected 1970-01-01T00:00:00Z$/],
  ['another time of a folder', (root) => lutimesSync(join(root, 'd'), 86400, 86400), /^"d" has time /],
  ['another type', (root) => { unlinkSync(join(root, 'd/s')); mkdirSync(join(root, 'd/s')); }, /^"d\/s" is no symlink any more$/],
];
for (const [name, harm, finding] of damages) {
  test(`TreeCheck finds ${name}`, (t) => {
    const root = tree(t);
    harm(root);
    const found = check(root, entries);
    t.is(found.length, 1, found.join('\n'));
    t.regex(found[0] ?? '', finding);
  });
}

test('TreeCheck lets the last of several members count', (t) => {
  const root = tree(t);
  t.deepEqual(check(root, [entry('file', 'd/f', { sizeBytes: 99, mode: 0o600 }), ...entries]), []);
  t.deepEqual(check(root, [entry('dir', 'd/s'), entry('file', 'd/s/in', { sizeBytes: 1 }), ...entries]), []);
  // A hard link to what was replaced afterwards.
  unlinkSync(join(root, 'd/f'));
  writeFileSync(join(root, 'd/f'), 'other');
  for (const name of ['d/f', 'd']) lutimesSync(join(root, name), 0, 0);
  t.deepEqual(check(root, [...entries, entry('file', 'd/f', { sizeBytes: 5 })]), []);
});

test('TreeCheck says nothing where a member lies behind a link of the same layer', (t) => {
  const root = tree(t);
  symlinkSync('d', join(root, 'l'));
  t.deepEqual(check(root, [...entries.map((one) => (one.name === './d/f' ? { ...one, sizeBytes: 1 } : one)), entry('symlink', 'l', { linkName: 'd' }), entry('file', 'l/f', { sizeBytes: 5 })]), []);
});
