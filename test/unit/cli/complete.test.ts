import test from 'ava';
import { complete, type Sources } from '../../../src/cli/complete.ts';
import type { CommandSpec } from '../../../src/cli/spec.ts';

const spec = (path: string, more: Partial<CommandSpec>): CommandSpec => ({ path: path.split(' '), summary: `${path} things`, needs: { userns: 'none' }, run: () => Promise.reject(new Error('not run')), ...more });
const specs = [
  spec('run', {
    stopAtFirst: true, args: [{ name: 'IMAGE', required: true, complete: { kind: 'image' } }, { name: 'COMMAND' }, { name: 'ARG', rest: true }],
    options: [
      { name: 'env', short: 'e', kind: 'list', help: 'Environment' }, { name: 'tty', short: 't', kind: 'bool', help: 'Terminal' },
      { name: 'pull', kind: 'string', bare: 'always', oneOf: ['always', 'never'], help: 'Pull' }, { name: 'volume', short: 'v', kind: 'list', help: 'Mount', complete: { kind: 'file' } },
      { name: 'hidden', kind: 'bool', help: '', hidden: true },
      { name: 'filter', kind: 'list', help: 'Filter', complete: { kind: 'choice', words: ['status=', 'name=', 'status=running', 'status=exited'] } },
    ],
  }),
  spec('rm', { args: [{ name: 'CONTAINER', rest: true, complete: { kind: 'container' } }], options: [{ name: 'force', short: 'f', kind: 'bool', help: 'Force' }] }),
  spec('container ls', {}),
];
let asked: unknown;

const sources: Sources = {
  commands: specs.map((of) => ({ path: of.path, aliases: [], summary: of.summary, hidden: false, load: async () => of })),
  members: (path) => (path.length === 0 ? ['container', 'rm', 'run'] : path[0] === 'container' && path.length === 1 ? ['ls'] : []).map((name) => ({ name, summary: `about ${name}` })),
  globals: [{ name: 'root', kind: 'string', help: 'Root', complete: { kind: 'dir' } }],
  names: async (kind, _typed, globals) => {
    asked = globals.root;
    return (kind.kind === 'container' ? ['web', 'web2', 'db'] : ['debian:12', 'docker.io/library/debian:12']).map((word) => ({ word, help: '' }));
  },
};
const words = async (...line: string[]): Promise<string[]> => (await complete(line, sources)).candidates.map(({ word }) => word);

test('complete() gives commands, with what they do', async (t) => {
  t.deepEqual((await complete(['r'], sources)).candidates, [{ word: 'rm', help: 'about rm' }, { word: 'run', help: 'about run' }]);
  t.deepEqual(await words('container', ''), ['ls']);
  t.deepEqual(await words('nosuch', ''), []);
});

test('complete() gives options of the verb and the global ones, not hidden ones', async (t) => {
  t.deepEqual(await words('run', '--'), ['--env', '--filter', '--help', '--pull', '--root', '--tty', '--volume']);
  t.deepEqual(await words('run', '-'), ['--env', '--filter', '--help', '--pull', '--root', '--tty', '--volume', '-e', '-t', '-v']);
  t.deepEqual(await words('--r'), ['--root']);
});

test('complete() knows which words are values of options', async (t) => {
  t.deepEqual(await words('run', '-e', 'x', ''), ['debian:12', 'docker.io/library/debian:12']);
  t.deepEqual(await words('run', '-te', 'x', 'deb'), ['debian:12']);
  t.deepEqual(await words('run', '-ex', 'deb'), ['debian:12']);
  t.deepEqual(await words('run', '--pull', 'deb'), ['debian:12']);
  t.is((await complete(['run', '-v', ''], sources)).add, 'file');
  t.is((await complete(['--root', ''], sources)).add, 'dir');
});

test('complete() gives the keys of a filter, then the values of the key', async (t) => {
  t.deepEqual(await complete(['run', '--filter', ''], sources), { candidates: [{ word: 'status=', help: '' }, { word: 'name=', help: '' }], add: 'none', noSpace: true });
  t.deepEqual(await words('run', '--filter', 'status='), ['status=running', 'status=exited']);
  t.deepEqual(await words('run', '--filter', 'status=r'), ['status=running']);
  t.deepEqual(await words('run', '--filter', 'name='), []);
});

test('complete() completes values after "="', async (t) => {
  t.deepEqual(await words('run', '--pull=n'), ['--pull=never']);
  t.deepEqual(await words('run', '--tty='), ['--tty=true', '--tty=false']);
});

test('complete() stops giving options after the first argument where the rest belongs to the contained command', async (t) => {
  t.deepEqual(await words('run', 'debian:12', '-'), []);
  t.deepEqual(await words('rm', 'web', '--f'), ['--force']);
});

test('complete() asks for names with the arguments that stand before', async (t) => {
  const seen: (readonly string[])[] = [];
  await complete(['rm', '-f', 'web', ''], { ...sources, names: async (_kind, _typed, _globals, args) => (seen.push([...args]), []) });
  t.deepEqual(seen, [['web']]);
});

test('complete() leaves out names that stand there already', async (t) => {
  t.deepEqual(await words('rm', 'web', 'w'), ['web2']);
});

test('complete() takes what follows "--" for arguments', async (t) => {
  t.deepEqual(await words('rm', '--', ''), ['web', 'web2', 'db']);
  t.deepEqual(await words('rm', '--', '-'), []);
});

test('complete() of help gives the words of commands only', async (t) => {
  t.deepEqual(await words('help', 'r'), ['rm', 'run']);
  t.deepEqual(await words('help', 'container', ''), ['ls']);
  t.deepEqual(await words('help', 'rm', ''), []);
  t.deepEqual(await words('help', '-'), []);
});

test('complete() asks for names of the store that --root names', async (t) => {
  await words('--root', '/x', 'rm', '');
  t.is(asked, '/x');
  await words('rm', '--root=/y', '');
  t.is(asked, '/y');
  await words('rm', '');
  t.is(asked, undefined);
});
