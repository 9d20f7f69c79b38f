import test from 'ava';
import { duplicateKey } from '../../../../src/image/trust/json.ts';

const table: readonly [text: string, want: string | undefined][] = [
  ['{}', undefined],
  ['{"a": 1, "b": 2}', undefined],
  ['{"a": 1, "a": 2}', 'a'],
  ['{"a": {"a": {"a": 1}}}', undefined],
  ['[{"a": 1}, {"a": 2}]', undefined],
  ['{"x": [1, {"b": 1, "b": 2}]}', 'b'],
  ['{"a": "a", "b": "a: a"}', undefined],
  ['{"a": "\\"a\\":", "b": "}{"}', undefined],
  ['{"a\\\\": 1, "a": 2}', undefined],
  ['{"a\\\\": 1, "a\\\\": 2}', 'a\\'],
  ['{"\\u0061": 1, "a": 2}', 'a'],
  ['{"": 1, "": 2}', ''],
  ['{"a": {}, "b": [], "a": 1}', 'a'],
  ['{"__proto__": 1, "constructor": 2}', undefined],
  ['"{a:1,a:2}"', undefined],
];
for (const [text, want] of table) {
  test(`duplicateKey(${text})`, (t) => {
    t.notThrows(() => JSON.parse(text) as unknown);
    t.is(duplicateKey(text), want);
  });
}
