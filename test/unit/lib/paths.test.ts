import { posix } from 'node:path';
import test from 'ava';
import { join } from '../../../src/lib/paths.ts';

test('join() is path.join()', (t) => {
  const parts = ['', '.', '..', '/', 'a', 'a/', '/a', 'a/b', './a', '../a', 'a/..', 'a/.', '..a', '.a', 'a.', 'a..', 'a//b', 'a/./b', 'a/../b', '...', 'é/ü', '/.local/share'];
  for (const a of parts) {
    t.is(join(a), posix.join(a), a);
    for (const b of parts) {
      t.is(join(a, b), posix.join(a, b), `${a} ${b}`);
      for (const c of parts) t.is(join(a, b, c), posix.join(a, b, c), `${a} ${b} ${c}`);
    }
  }
});
