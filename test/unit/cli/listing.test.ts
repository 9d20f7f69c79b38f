/** Layouts recorded from Podman 4.3.1. */
import test from 'ava';
import { isJsonFormat, renderEach, renderListing } from '../../../src/cli/listing.ts';

const base = {
  name: 'images', typeName: 'images.imageReporter', defaultFormat: 'table {{.ID}}\t{{.Repository}}', headers: { ID: 'IMAGE ID', Repository: 'REPOSITORY', Size: 'SIZE' },
  rows: [{ ID: 'ec393d0542b1', Repository: 'localhost/foo/bar', Size: '11.3 kB' }, { ID: '728c636b52a5', Repository: 'x', Size: '1 B' }],
};

test('renderListing() prints the default table with headings, or without', async (t) => {
  t.is(await renderListing({ ...base, format: undefined }), 'IMAGE ID      REPOSITORY\nec393d0542b1  localhost/foo/bar\n728c636b52a5  x\n');
  t.is(await renderListing({ ...base, format: 'table' }), await renderListing({ ...base, format: undefined }));
  t.is(await renderListing({ ...base, format: undefined, noHeading: true }), 'ec393d0542b1  localhost/foo/bar\n728c636b52a5  x\n');
});

test('renderListing() of a table takes "\\t" and a blank for the end of a column', async (t) => {
  const expected = 'IMAGE ID      SIZE\nEC393D0542B1  11.3 kB\n728C636B52A5  1 B\n';
  t.is(await renderListing({ ...base, format: 'table {{upper .ID}} {{.Size}}' }), expected);
  t.is(await renderListing({ ...base, format: 'table {{upper .ID}}\\t{{.Size}}' }), expected);
});

test('renderListing() of a template prints a line a row, tabs as they are', async (t) => {
  t.is(await renderListing({ ...base, format: '{{.ID}}\\t{{.Size}}' }), 'ec393d0542b1\t11.3 kB\n728c636b52a5\t1 B\n');
  t.is(await renderListing({ ...base, format: '{{.ID}}\\n' }), 'ec393d0542b1\n728c636b52a5\n');
});

test('renderListing() lets no control character into a table, whatever brings it', async (t) => {
  class Row {
    readonly #command = 'sh\u001b[31m\nweb  Up';
    get Command(): string { return this.#command; }
    Label(key: string): string { return `${key}\u0007`; }
    readonly Labels = { a: '\u009b2J' };
    readonly Mounts = ['/x\ty'];
  }
  const headers = { Command: 'COMMAND', Labels: 'LABELS', Mounts: 'MOUNTS' };
  const rows = [new Row()];
  t.is(await renderListing({ ...base, headers, rows, noHeading: true, format: 'table {{.Command}}|{{.Labels}}|{{.Mounts}}|{{.Label "k"}}' }), 'sh [31m web  Up|map[a: 2J]|[/x y]|k \n');
  t.is(await renderListing({ ...base, headers, rows, noHeading: true, format: 'table {{.Command}}' }), 'sh [31m web  Up\n');
  t.is(await renderListing({ ...base, headers, rows, format: '{{.Command}}' }), 'sh\u001b[31m\nweb  Up\n', 'a template gives what there is');
});

test('renderListing() hands all rows to a template that ranges over them', async (t) => {
  t.is(await renderListing({ ...base, format: '{{range .}}{{.ID}},{{end}}' }), 'ec393d0542b1,728c636b52a5,\n');
  t.is(await renderListing({ ...base, rows: [{ Names: ['a', 'b'] }], format: '{{range .Names}}[{{.}}]{{end}}' }), '[a][b]\n');
});

test('renderListing() prints only headings, or nothing, where there are no rows', async (t) => {
  t.is(await renderListing({ ...base, rows: [], format: undefined }), 'IMAGE ID    REPOSITORY\n');
  t.is(await renderListing({ ...base, rows: [], format: '{{.ID}}' }), '');
});

test('a line ends where the template ends it, else with a newline of ours', async (t) => {
  t.is(renderEach('{{.ID}}', base.rows), 'ec393d0542b1\n728c636b52a5\n');
  t.is(renderEach('{{.ID}}\\n', base.rows), 'ec393d0542b1\n728c636b52a5\n');
  // What is printed does not count, only what is written.
  t.is(renderEach('{{println .ID}}', base.rows), 'ec393d0542b1\n\n728c636b52a5\n\n');
  t.is(await renderListing({ ...base, format: '{{println .ID}}' }), 'ec393d0542b1\n\n728c636b52a5\n\n');
});

test('renderListing() refuses a field that rows do not have', async (t) => {
  await t.throwsAsync(renderListing({ ...base, format: 'x{{.Foo}}' }), {
    code: 'TEMPLATE_INVALID', message: 'template: images:1:3: executing "images" at <.Foo>: can\'t evaluate field Foo in type images.imageReporter',
  });
});

test('isJsonFormat() knows "json" and "{{json .}}"', (t) => {
  t.deepEqual(['json', ' json ', '{{json .}}', '{{ json . }}', '{{json}}'].map((format) => isJsonFormat(format)), [true, true, true, true, true]);
  t.deepEqual(['{{json .ID}}', 'table json', 'table', undefined].map((format) => isJsonFormat(format)), [false, false, false, false]);
});
