import { closeSync, fstatSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { tarFiles } from '../../../../src/image/archive/files.ts';
import { makeTar } from '../../../helpers/make-archive.ts';

const first = Buffer.alloc(3 * 1024 * 1024 + 17, 'a');
const second = Buffer.alloc(700, 'b');

function tarAt(t: ExecutionContext): { path: string; fd: number } {
  const folder = mkdtempSync(join(tmpdir(), 'skiff-unit-'));
  const path = join(folder, 'a.tar');
  writeFileSync(path, makeTar([{ name: 'first', data: first }, { name: 'second', data: second }, { name: 'empty' }]));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return { path, fd: openSync(path, 'r') };
}

async function all(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('tarFiles() streams members, several at once and empty ones', async (t) => {
  const files = tarFiles(tarAt(t).fd);
  const [one, two, none] = await Promise.all(['first', 'second', 'empty'].map((name) => all(files.stream(name))));
  t.true(one?.equals(first));
  t.true(two?.equals(second));
  t.is(none?.length, 0);
  files.close();
});

test('tarFiles(): a stream that is left early or fails does not close the archive, and close() never throws', async (t) => {
  const { path, fd } = tarAt(t);
  const files = tarFiles(fd);
  for await (const chunk of files.stream('first')) {
    t.true(chunk.length > 0);
    break;
  }
  const stream = files.stream('first')[Symbol.asyncIterator]();
  await stream.next();
  await stream.return?.();
  // A closing would be done by the threads that do this, and before it.
  for (let at = 0; at < 4; at++) await stat(path);
  t.notThrows(() => fstatSync(fd));
  t.true((await all(files.stream('second'))).equals(second));
  truncateSync(path, 1024 * 1024);
  await t.throwsAsync(all(files.stream('first')), { code: 'ARCHIVE_TRUNCATED' });
  t.notThrows(() => fstatSync(fd));
  closeSync(fd);
  t.notThrows(() => files.close());
});
