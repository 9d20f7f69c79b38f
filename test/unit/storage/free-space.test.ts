import { tmpdir } from 'node:os';
import test from 'ava';
import { requireFreeSpace } from '../../../src/storage/free-space.ts';

test('class N: requireFreeSpace() refuses what can not fit, and tells how much that is', (t) => {
  const error = t.throws(() => requireFreeSpace(tmpdir(), Number.MAX_SAFE_INTEGER), { code: 'NO_SPACE' });
  t.regex(error?.message ?? '', /^9007199254 MB are to come, and \d+ MB are free/);
  t.notThrows(() => requireFreeSpace(tmpdir()));
});
