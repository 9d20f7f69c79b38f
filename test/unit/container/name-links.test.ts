import test from 'ava';
import { checkName, isName } from '../../../src/container/name-links.ts';
import { randomName } from '../../../src/container/random-name.ts';

test('isName() takes what Podman takes, and nothing that leads out of a folder', (t) => {
  for (const name of ['a', 'web-1', 'A.b_c', '0', 'x'.repeat(255)]) t.true(isName(name), name);
  for (const name of ['', '.', '..', '-a', '_a', 'a/b', '../x', 'a b', 'a\n', 'é', 'x'.repeat(256)]) t.false(isName(name), name);
});

test('checkName() names the rule', (t) => {
  t.throws(() => checkName('a b'), { message: /names must match/ });
});

test('randomName() is a name', (t) => {
  for (let at = 0; at < 100; at++) t.regex(randomName(), /^[a-z]+_[a-z]+$/);
});
