import test from 'ava';
import { renderYAML } from '../../../src/lib/yaml.ts';

test('renderYAML() sorts keys and nests lists and maps as Podman does', (t) => {
  t.is(renderYAML({ b: { d: 1, c: [{ y: 2, x: true }, 'z'] }, a: null }), 'a: null\nb:\n  c:\n  - x: true\n    "y": 2\n  - z\n  d: 1\n');
});

test('renderYAML() quotes strings that a reader would take for something else', (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ['12', '"12"'], ['1.5', '"1.5"'], ['true', '"true"'], ['No', '"No"'], ['null', '"null"'], ['', '""'], ['a: b', "'a: b'"], ['a #b', "'a #b'"], ['- a', "'- a'"], ["it's: x", "'it''s: x'"],
    ['1.8.1', '1.8.1'], ['v2', 'v2'], ['/usr/bin/crun', '/usr/bin/crun'], ['host name', 'host name'], ['ü', 'ü'], ['2024-01-02', '"2024-01-02"'], ['\u0007', String.raw`"\u0007"`], [' a', "' a'"],
  ];
  for (const [value, expected] of cases) t.is(renderYAML({ k: value }), `k: ${expected}\n`, JSON.stringify(value));
});

test('renderYAML() writes several lines as a block', (t) => {
  t.is(renderYAML({ a: { b: 'one\n\ntwo' } }), 'a:\n  b: |-\n    one\n\n    two\n');
  t.is(renderYAML({ b: 'one\ntwo\n' }), 'b: |\n  one\n  two\n');
});

test('renderYAML() of empty collections', (t) => {
  t.is(renderYAML({ a: [], b: {} }), 'a: []\nb: {}\n');
});
