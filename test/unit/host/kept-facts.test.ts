import { mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { setTimeout as delay } from 'node:timers/promises';
import { keptFacts, keptFactsPath } from '../../../src/host/kept-facts.ts';

function fixture(t: { teardown: (fn: () => void) => void }) {
  const dir = mkdtempSync(join(tmpdir(), 'skiff-kept-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const files = new Map(['a', 'b'].map((key) => [key, join(dir, key)]));
  for (const [key, file] of files) writeFileSync(file, key);
  const asked: string[] = [];
  const path = join(dir, 'facts');
  const look = (): string[] => [...keptFacts<string, string>({
    path, files, split: (fact) => [fact, { length: fact.length }],
    unite: (own, common) => (typeof own === 'string' && (common as { length?: unknown } | null | undefined)?.length === own.length ? own : undefined),
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
  t.deepEqual(Object.keys((JSON.parse(readFileSync(path, 'utf8')) as { rows: object }).rows), ['b']);
});

test('keptFacts() keeps once what several facts have alike', (t) => {
  const { look, path } = fixture(t);
  look();
  t.deepEqual((JSON.parse(readFileSync(path, 'utf8')) as { common: unknown }).common, [{ length: 1 }]);
});

test('keptFacts() takes for nothing what it did not write', (t) => {
  const { asked, files, look, path } = fixture(t);
  look();
  const whole = JSON.parse(readFileSync(path, 'utf8')) as { rows: Record<string, unknown[]>; common: unknown[] };
  const damaged = [
    '', '{', 'null', '[]', '{"rows":null,"common":[]}', '{"rows":{}}', JSON.stringify({ ...whole, common: [] }), JSON.stringify({ ...whole, common: [null] }),
    JSON.stringify({ ...whole, rows: Object.fromEntries(Object.entries(whole.rows).map(([key, row]) => [key, row.with(3, 7)])) }),
    JSON.stringify({ ...whole, rows: Object.fromEntries(Object.entries(whole.rows).map(([key, row]) => [key, row.with(4, 'x')])) }),
  ];
  for (const text of damaged) {
    writeFileSync(path, text);
    asked.length = 0;
    t.deepEqual(look(), ['a', 'b'], text);
    t.deepEqual(asked, [...files.keys()], text);
  }
});

test('keptFacts() of folders: kept once they are settled, and read again when a name in them comes or goes', async (t) => {
  const { dir, path } = fixture(t);
  const folder = join(dir, 'folder');
  mkdirSync(folder);
  let reads = 0;
  const look = (settledMs: number): string[] => [...keptFacts<string, string>({
    path, files: new Map([['x', folder]]), settledMs, split: (fact) => [fact, null], unite: (own) => (typeof own === 'string' ? own : undefined),
    read: () => { reads++; return { fact: readdirSync(folder).join(), lasting: true }; },
  }).values()];
  look(60_000);
  look(60_000);
  t.is(reads, 2, 'just made: a change in the same tick of the clock would not show');
  await delay(50);
  look(20);
  t.deepEqual(look(20), ['']);
  t.is(reads, 3);
  writeFileSync(join(folder, 'new'), '');
  t.deepEqual(look(20), ['new']);
  t.is(reads, 4);
});

test('keptFactsPath() is another for each folder', (t) => {
  const { dir } = fixture(t);
  t.not(keptFactsPath('/run', 'x', dir), keptFactsPath('/run', 'x', join(dir, '..')));
  t.is(keptFactsPath('/run', 'x', dir), keptFactsPath('/run', 'x', `${dir}/.`));
});
