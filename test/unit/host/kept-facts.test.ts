import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { keptFacts, keptFactsPath } from '../../../src/host/kept-facts.ts';

function fixture(t: { teardown: (fn: () => void) => void }) {
  const dir = mkdtempSync(join(tmpdir(), 'skiff-kept-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const files = new Map(['a', 'b'].map((key) => [key, join(dir, key)]));
  for (const [key, file] of files) writeFileSync(file, key);
  const asked: string[] = [];
  const path = join(dir, 'facts');
  const look = (): string[] => [...keptFacts<string, string>({
    path, files, isFact: (value) => typeof value === 'string',
    read: (key) => { asked.push(key); return { fact: readFileSync(files.get(key) as string, 'utf8'), lasting: true }; },
  }).values()];
  return { dir, files, asked, path, look };
}

test('keptFacts() reads a file once, and again when another one has its name, of the same length and time', (t) => {
  const { dir, files, asked, look } = fixture(t);
  t.deepEqual(look(), ['a', 'b']);
  t.deepEqual(look(), ['a', 'b']);
  t.deepEqual(asked, ['a', 'b']);
  writeFileSync(join(dir, 'new'), 'c');
  renameSync(join(dir, 'new'), files.get('b') as string);
  t.deepEqual(look(), ['a', 'c']);
  t.deepEqual(asked, ['a', 'b', 'b']);
});

test('keptFacts() leaves out what is gone, and forgets it when it next writes', (t) => {
  const { dir, files, look, path } = fixture(t);
  look();
  rmSync(files.get('a') as string);
  t.deepEqual(look(), ['b']);
  writeFileSync(join(dir, 'new'), 'new');
  renameSync(join(dir, 'new'), files.get('b') as string);
  t.deepEqual(look(), ['new']);
  t.deepEqual(Object.keys(JSON.parse(readFileSync(path, 'utf8')) as object), ['b']);
});

test('keptFactsPath() is another for each folder', (t) => {
  const { dir } = fixture(t);
  t.not(keptFactsPath('/run', 'x', dir), keptFactsPath('/run', 'x', join(dir, '..')));
  t.is(keptFactsPath('/run', 'x', dir), keptFactsPath('/run', 'x', `${dir}/.`));
});
