import test from 'ava';
import { SkiffError } from '../../../../src/lib/errors.ts';
import { cleanName, targetOf } from '../../../../src/storage/tar/names.ts';

function refused(name: string): string {
  try {
    targetOf(name);
    return '';
  } catch (error) {
    return error instanceof SkiffError && error.code === 'ARCHIVE_INVALID' ? error.message : String(error);
  }
}

test('cleanName() gives relative names without dots and doubled slashes', (t) => {
  for (const [name, clean] of [
    ['a', 'a'], ['./a', 'a'], ['a/', 'a'], ['/a/b', 'a/b'], ['//a//b//', 'a/b'], ['a/./b', 'a/b'], ['a/../b', 'b'], ['a/b/../../c', 'c'],
    ['', ''], ['.', ''], ['./', ''], ['/', ''], ['..a', '..a'], ['a..', 'a..'], ['a/..b', 'a/..b'], ['...', '...'], ['.hidden', '.hidden'],
  ] as const) t.is(cleanName(name), clean, name);
});

test('targetOf() refuses names that climb out of the layer', (t) => {
  for (const name of ['..', '../a', '/../a', 'a/../../b', './../a', 'a/b/../../../c', '..//a']) t.regex(refused(name), /climbs out of the layer/, name);
});

test('targetOf() refuses names that are too long or hold a NUL', (t) => {
  t.regex(refused('x'.repeat(256)), /too long/);
  t.regex(refused(`a/${'x'.repeat(256)}/b`), /too long/);
  t.regex(refused('d/'.repeat(3000)), /too long/);
  t.regex(refused('a\0b'), /NUL/);
  t.is(refused('x'.repeat(255)), '');
});

test('targetOf() tells members, whiteouts, opaque markers and bookkeeping apart', (t) => {
  t.deepEqual(targetOf('a/b'), { kind: 'member', path: 'a/b' });
  t.deepEqual(targetOf('a/.wh.b'), { kind: 'whiteout', path: 'a/b' });
  t.deepEqual(targetOf('./.wh.b'), { kind: 'whiteout', path: 'b' });
  t.deepEqual(targetOf('a/.wh..wh..opq'), { kind: 'opaque', path: 'a' });
  t.deepEqual(targetOf('.wh..wh..opq'), { kind: 'opaque', path: '' });
  t.deepEqual(targetOf('.wh..wh.plnk/1.2'), { kind: 'meta' });
  t.deepEqual(targetOf('.wh..wh.aufs'), { kind: 'meta' });
  t.deepEqual(targetOf('a.wh.b'), { kind: 'member', path: 'a.wh.b' });
  t.deepEqual(targetOf('a/.wh.b.wh.'), { kind: 'whiteout', path: 'a/b.wh.' });
});

test('targetOf() refuses whiteouts of nothing and members inside one', (t) => {
  for (const name of ['.wh.', 'a/.wh.', '.wh..', '.wh...', 'a/.wh...']) t.regex(refused(name), /whiteout of nothing/, name);
  t.regex(refused('.wh.a/b'), /inside a whiteout/);
});
