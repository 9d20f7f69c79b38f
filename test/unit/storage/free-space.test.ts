import { tmpdir } from 'node:os';
import test from 'ava';
import { requireFreeSpace } from '../../../src/storage/free-space.ts';

test('class N: requireFreeSpace() refuses what can not fit, and tells how much that is', (t) => {
  const error = t.throws(() => requireFreeSpace(tmpdir(), Number.MAX_SAFE_INTEGER), { code: 'NO_SPACE' });
  t.regex(error?.message ?? '', /^the manifest claims 9\.01PB that are not here yet; \S+ are free on the disk of the store, and 67\.1MB have to stay free$/);
  t.notThrows(() => requireFreeSpace(tmpdir()));
});
