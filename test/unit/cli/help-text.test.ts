import test from 'ava';
import { hanging, renderCommand, usageLine } from '../../../src/cli/help-text.ts';
import type { CommandSpec } from '../../../src/cli/spec.ts';

const spec: CommandSpec = {
  path: ['frob'], aliases: [['thing', 'frob']], summary: 'Frob things', description: ['Frobs one thing.', 'And then another.'],
  args: [{ name: 'THING', required: true }, { name: 'WORD' }, { name: 'ARG', rest: true }],
  options: [
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Say nothing' },
    { name: 'colour', kind: 'string', value: 'NAME', help: 'Paint it', oneOf: ['red', 'blue'], default: 'red' },
    { name: 'pull', kind: 'string', bare: 'always', help: 'Pull' },
    { name: 'count', short: 'c', kind: 'int', help: 'How many', default: '3' },
    { name: 'secret', kind: 'bool', help: 'Not shown', hidden: true },
  ],
  examples: [{ text: 'Frob a lot', command: 'skiff frob x' }],
  needs: { userns: 'none' }, run: () => Promise.reject(new Error('not run')),
};

test('renderCommand() prints the peer\'s layout', (t) => {
  t.is(renderCommand(spec, { width: Number.POSITIVE_INFINITY, bold: false }), `Frob things

Description:
  Frobs one thing.

  And then another.

Usage:
  skiff frob [options] THING [WORD [ARG...]]

Aliases:
  skiff thing frob

Examples:
  Frob a lot
    skiff frob x

Options:
      --colour NAME     Paint it: red, blue (default "red")
  -c, --count int       How many (default 3)
      --pull[=string]   Pull
  -q, --quiet           Say nothing
`);
});

test('renderCommand() keeps to the width and marks headings on a terminal', (t) => {
  const text = renderCommand({ ...spec, description: ['word '.repeat(40).trim()] }, { width: 40, bold: true });
  t.true(text.includes('\u001b[1mUsage:\u001b[22m'));
  for (const line of text.split('\n').filter((line) => line.startsWith('  word'))) t.true(line.length <= 40, line);
});

test('usageLine() repeats a required rest and nests optional words', (t) => {
  t.is(usageLine({ ...spec, options: [], args: [{ name: 'IMAGE', required: true, rest: true }] }), 'skiff frob IMAGE [IMAGE...]');
  t.is(usageLine({ ...spec, options: [], args: [{ name: 'IMAGE', rest: true }] }), 'skiff frob [IMAGE...]');
});

test('hanging() wraps below the start of the text', (t) => {
  t.is(hanging('ab  ', 'one two three', 11), 'ab  one two\n    three');
  t.is(hanging('', 'averyveryverylongword x', 5), 'averyveryverylongword\nx');
});
