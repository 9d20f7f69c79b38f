import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { followFile } from '../../../../src/storage/unpack/follow.ts';

/** /dev/null as the pipe: at its end from the start, as if the writer had closed it. */
function files(content: string): { read: number; write: number; end: number; close: () => void } {
  const dir = mkdtempSync(join(tmpdir(), 'skiff-follow-'));
  const write = openSync(join(dir, 'f'), 'w');
  writeSync(write, content);
  const [read, end] = [openSync(join(dir, 'f'), 'r'), openSync('/dev/null', 'r')];
  return { read, write, end, close: () => {
    for (const fd of [read, write, end]) closeSync(fd);
    rmSync(dir, { recursive: true });
  } };
}

test('followFile() gives the bytes up to the length, also those written behind what was read', async (t) => {
  const { read, write, end, close } = files('abc');
  const chunks: string[] = [];
  for await (const chunk of followFile(read, 6, end)) {
    chunks.push(chunk.toString());
    if (chunks.length === 1) writeSync(write, 'defXX');
  }
  t.deepEqual(chunks, ['abc', 'def']);
  close();
});

test('followFile() of a file that stays too short fails', async (t) => {
  const { read, end, close } = files('abc');
  await t.throwsAsync(async () => { for await (const chunk of followFile(read, 6, end)) void chunk; }, { message: 'the download ended after 3 of 6 bytes' });
  close();
});
