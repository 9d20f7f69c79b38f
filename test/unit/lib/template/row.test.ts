import test from 'ava';
import { execute } from '../../../../src/lib/template/execute.ts';
import { standardFunctions } from '../../../../src/lib/template/functions.ts';
import { parse } from '../../../../src/lib/template/parse.ts';
import { renderRow, rowParts } from '../../../../src/lib/template/row.ts';

class Row {
  readonly #id: string;
  constructor(id: string) { this.#id = id; }
  get ID(): string { return this.#id; }
  get Names(): string[] { return ['a', 'b']; }
  method(): string { return 'called'; }
}

const nodesOf = (text: string) => parse(text, 'test', new Set(Object.keys(standardFunctions)));
const slow = (text: string, row: unknown): string => execute({ name: 'test', text, nodes: nodesOf(text), functions: standardFunctions, typeName: 'struct' }, row);
const fast = (text: string, row: unknown): string | undefined => {
  const parts = rowParts(nodesOf(text));
  return parts === undefined ? undefined : renderRow(parts, row);
};

test('renderRow() gives what execute() gives', (t) => {
  for (const row of [{ ID: 'x', Names: ['a'], N: 3, B: false, Nil: null, Map: { k: 'v' } }, new Row('x')]) {
    for (const text of ['{{.ID}}', 'id={{.ID}}\t{{.Names}}\n', 'no field', '']) t.is(fast(text, row), slow(text, row), text);
  }
  t.is(fast('{{.N}} {{.B}} {{.Nil}} {{.Map}}', { N: 3, B: false, Nil: null, Map: { k: 'v' } }), slow('{{.N}} {{.B}} {{.Nil}} {{.Map}}', { N: 3, B: false, Nil: null, Map: { k: 'v' } }));
});

test('renderRow() leaves to execute() what it knows nothing of: other spellings, methods, maps, what every object has', (t) => {
  t.is(fast('{{.id}}', { ID: 'x' }), undefined);
  t.is(slow('{{.id}}', { ID: 'x' }), 'x');
  t.is(fast('{{.method}}', new Row('x')), undefined);
  t.is(fast('{{.toString}}', new Row('x')), undefined);
  t.is(fast('{{.ID}}', new Map([['ID', 'x']])), undefined);
  t.is(fast('{{.ID}}', null), undefined);
});

test('rowParts() takes text and single fields, and nothing else', (t) => {
  for (const text of ['{{.A.B}}', '{{json .}}', '{{.}}', '{{.A | upper}}', '{{$x := .A}}', '{{if .A}}x{{end}}', '{{range .}}{{end}}', '{{"x"}}', '{{.A 1}}']) t.is(rowParts(nodesOf(text)), undefined, text);
});
