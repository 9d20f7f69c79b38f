import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { mendedLines } from '../../../src/storage/mend-split.ts';
import type { SplitEntry } from '../../../src/storage/tar/split.ts';
import { parseSplitLine } from '../../../src/storage/tar/split.ts';

const crc = Buffer.alloc(8, 1);
const file = (name: string, sizeBytes: number): SplitEntry => ({ kind: 'file', name, sizeBytes, crc: sizeBytes === 0 ? Buffer.alloc(0) : crc });
const raw = (text: string): SplitEntry => ({ kind: 'segment', bytes: Buffer.from(text) });

async function* each(entries: readonly (readonly SplitEntry[])[]): AsyncGenerator<readonly SplitEntry[]> {
  yield* entries;
}

async function mend(entries: readonly SplitEntry[], stash: string, overwritten: Parameters<typeof mendedLines>[2]): Promise<SplitEntry[]> {
  const folder = mkdtempSync(join(tmpdir(), 'skiff-'));
  const fd = openSync(join(folder, 'stash'), 'w+');
  try {
    writeSync(fd, stash);
    const lines: string[] = [];
    for await (const line of mendedLines(each([entries]), fd, overwritten)) lines.push(line);
    return lines.map((line, at) => {
      if ((JSON.parse(line) as { position: number }).position !== at) throw new Error('positions are not in order');
      return parseSplitLine(line);
    });
  } finally {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  }
}

test('mendedLines() puts the kept data in the place of the line that spoke of it', async (t) => {
  const entries = [raw('h1'), file('./a', 3), raw('h2'), file('a', 5)];
  t.deepEqual(await mend(entries, 'old', [{ name: 'a', before: 2, offset: 0, length: 3 }]), [raw('h1'), raw('old'), raw('h2'), file('a', 5)]);
});

test('mendedLines() drops lines without data, and leaves others of the same name alone', async (t) => {
  const entries = [raw('h1'), file('a', 0), raw('h2'), raw('h3'), file('a', 5), file('b', 0)];
  // Replaced twice, but the second maker of the name was never listed.
  const overwritten = [{ name: 'a', before: 2, offset: 0, length: 0 }, { name: 'a', before: 3, offset: 0, length: 0 }];
  t.deepEqual(await mend(entries, '', overwritten), [raw('h1'), raw('h2'), raw('h3'), file('a', 5), file('b', 0)]);
});

test('mendedLines() refuses kept data of another length', async (t) => {
  await t.throwsAsync(() => mend([file('a', 3)], 'ab', [{ name: 'a', before: 1, offset: 0, length: 2 }]));
});
