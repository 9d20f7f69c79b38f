import test from 'ava';
import { commandTable } from '../../../src/cli/generate/command-table.ts';
import { manPages } from '../../../src/cli/generate/man.ts';
import { verbsHeader } from '../../../src/cli/generate/verbs-header.ts';
import type { CommandSpec } from '../../../src/cli/spec.ts';

const spec = (path: string, more: Partial<CommandSpec> = {}): CommandSpec => ({
  path: path.split(' '), summary: `Do ${path}`, needs: { userns: 'none' }, run: () => Promise.reject(new Error('not run')), ...more,
});

test('verbsHeader() has a line for each path and alias, sorted, with what the verb needs', (t) => {
  const header = verbsHeader([
    spec('run', { aliases: [['container', 'run']], needs: { userns: 'enter', network: true } }),
    spec('__worker', { needs: { userns: 'worker' }, hidden: true }),
    spec('ps'),
  ]);
  t.deepEqual(header.match(/^ {2}\{.*\},$/gm), [
    '  {"__worker", NEED_WORKER},', '  {"container run", NEED_ENTER | NEED_NETWORK},', '  {"ps", 0},', '  {"run", NEED_ENTER | NEED_NETWORK},',
  ]);
});

test('verbsHeader() names the global options that take the next word', (t) => {
  const list = /global_options_with_value\[\] = \{\n([^]*?)\n\};/.exec(verbsHeader([]))?.[1] ?? '';
  t.true(list.includes('"--root"'));
  t.true(list.includes('"--log-level"'));
  t.false(list.includes('"--version"'));
});

test('commandTable() quotes what it prints', (t) => {
  const table = commandTable([{ module: 'x/y.ts', spec: spec('it', { summary: "Don't \\ panic", hidden: true }) }]);
  t.true(table.includes(String.raw`entry(['it'], [], 'Don\'t \\ panic', () => import('./x/y.ts'), true),`), table);
});

test('manPages() makes a page of each visible command, and a link for each alias', (t) => {
  const pages = manPages([spec('run', { aliases: [['container', 'run']] }), spec('secret', { hidden: true })]);
  t.deepEqual([...pages.keys()], ['skiff.1', 'skiff-run.1', 'skiff-container-run.1']);
  t.is(pages.get('skiff-container-run.1'), '.so man1/skiff-run.1\n');
});

test('manPages() escapes what roff would read as requests, dashes and quotes', (t) => {
  const page = manPages([spec('run', {
    description: ['.not a request', "'nor this one", 'a \\ and a - and a ~ and an é'],
    options: [{ name: 'cap-add', short: 'c', kind: 'list', value: 'CAP', help: 'Add it', default: 'none' }, { name: 'pull', kind: 'string', bare: 'always', help: 'Pull' }],
  })]).get('skiff-run.1') ?? '';
  t.true(page.includes('\n\\&.not a request\n'));
  t.true(page.includes('\n\\(aqnor this one\n'));
  t.true(page.includes('a \\e and a \\- and a \\(ti and an \\[u00E9]'));
  t.true(page.includes('.TP\n\\fB\\-c\\fR, \\fB\\-\\-cap\\-add\\fR \\fICAP\\fR\nAdd it (default "none").'), page);
  t.true(page.includes('\\fB\\-\\-pull\\fR[=\\fIstring\\fR]'));
});
