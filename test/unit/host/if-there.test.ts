import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { dropInFiles } from '../../../src/host/config/drop-ins.ts';
import { bytesIfThere, isThere, linkIfThere, namesIfThere, realPathIfThere, textIfThere, unlinkIfThere } from '../../../src/host/if-there.ts';

function folder(t: ExecutionContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'skiff-if-there-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, 'file'), 'text');
  symlinkSync('nowhere', join(dir, 'dangling'));
  symlinkSync('loop', join(dir, 'loop'));
  return dir;
}

test('what is there is read', (t) => {
  const dir = folder(t);
  t.is(textIfThere(join(dir, 'file')), 'text');
  t.deepEqual(bytesIfThere(join(dir, 'file')), Buffer.from('text'));
  t.deepEqual(namesIfThere(dir).toSorted(), ['dangling', 'file', 'loop']);
  t.is(linkIfThere(join(dir, 'dangling')), 'nowhere');
  t.true(isThere(join(dir, 'dangling')));
});

test('what is missing, below a file, or a link to nothing is absent', (t) => {
  const dir = folder(t);
  for (const path of [join(dir, 'no'), join(dir, 'file', 'below'), join(dir, 'dangling')]) {
    t.is(textIfThere(path), undefined);
    t.is(bytesIfThere(path), undefined);
    t.deepEqual(namesIfThere(path), []);
    t.is(isThere(path), path.endsWith('dangling'));
  }
  t.is(linkIfThere(join(dir, 'no')), undefined);
  t.is(linkIfThere(join(dir, 'file')), undefined);
  t.is(realPathIfThere(join(dir, 'no')), join(dir, 'no'));
  t.notThrows(() => unlinkIfThere(join(dir, 'no')));
});

test('everything else is an error, with the operation in front where one is named', (t) => {
  const dir = folder(t);
  t.throws(() => textIfThere(join(dir, 'loop')), { code: 'ELOOP' });
  t.throws(() => textIfThere(dir), { code: 'EISDIR' });
  t.throws(() => textIfThere(dir, 'read it'), { message: /^read it: / });
});

test('dropInFiles() gives the *.conf files by name; a missing folder has none', (t) => {
  const dir = join(folder(t), 'conf.d');
  mkdirSync(dir);
  for (const name of ['20-b.conf', '10-a.conf', 'README']) writeFileSync(join(dir, name), '');
  t.deepEqual(dropInFiles(dir), [join(dir, '10-a.conf'), join(dir, '20-b.conf')]);
  t.deepEqual(dropInFiles(join(dir, 'no')), []);
});
