import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { makeFolders } from '../../../src/host/make-folders.ts';
import { projectRoot } from '../../helpers/world.ts';

function folder(t: { teardown: (undo: () => void) => void }): string {
  const path = mkdtempSync(join(tmpdir(), 'skiff-folders-'));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

test('makeFolders() makes what is missing on the way, with the mode, and leaves what is there', (t) => {
  const top = folder(t);
  chmodSync(top, 0o755);
  makeFolders(join(top, 'a', 'b', 'c'), 0o700);
  for (const made of ['a', 'a/b', 'a/b/c']) t.is(statSync(join(top, made)).mode & 0o777, 0o700, made);
  makeFolders(join(top, 'a', 'b', 'c'), 0o755);
  t.is(statSync(join(top, 'a/b/c')).mode & 0o777, 0o700);
  t.is(statSync(top).mode & 0o777, 0o755);
  makeFolders(`${top}/x/.`);
  makeFolders(`${top}/y/../z/`);
  t.deepEqual(readdirSync(top).toSorted(), ['a', 'x', 'y', 'z']);
});

test('makeFolders() goes through a link to a folder, and says what is in the way', (t) => {
  const top = folder(t);
  mkdirSync(join(top, 'real'));
  symlinkSync('real', join(top, 'link'));
  symlinkSync('nowhere', join(top, 'dangling'));
  writeFileSync(join(top, 'file'), '');
  makeFolders(join(top, 'link', 'in'));
  t.true(existsSync(join(top, 'real', 'in')));
  for (const [path, code] of [['file', 'EEXIST'], ['file/x', 'ENOTDIR'], ['dangling', 'EEXIST'], ['dangling/x', 'EEXIST']] as const) t.is(t.throws(() => makeFolders(join(top, path)))?.['code' as never], code as never, path);
});

test('makeFolders() ends where nothing can be made: mkdir(2) gives ENOENT in /proc', (t) => {
  for (const path of ['/proc/skiff', '/proc/skiff/a/b', '/proc/self/fd/skiff']) t.is(t.throws(() => makeFolders(path))?.['code' as never], 'ENOENT' as never, path);
});

test('nothing else makes folders with their parents: node:fs does not end there', (t) => {
  const src = join(projectRoot(), 'src');
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  t.true(files.length > 100);
  t.deepEqual(files.filter((name) => /mkdir(?:Sync)?\([^;]*recursive/.test(readFileSync(join(src, name), 'utf8'))), []);
});
