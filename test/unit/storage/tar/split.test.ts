import test from 'ava';
import { SkiffError } from '../../../../src/lib/errors.ts';
import { SplitWriter, fileLine, parseSplitLine, segmentLine, splitEntries } from '../../../../src/storage/tar/split.ts';

async function* chunks(text: string, bytes: number): AsyncGenerator<Buffer> {
  const all = Buffer.from(text);
  for (let at = 0; at < all.length; at += bytes) yield all.subarray(at, at + bytes);
}

async function gather<T>(values: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const value of values) found.push(value);
  return found;
}

test('lines are those of tar-split as Go writes them', (t) => {
  t.is(segmentLine(Buffer.from('abc'), 0), '{"type":2,"payload":"YWJj","position":0}\n');
  t.is(fileLine('etc/passwd', 5, Buffer.alloc(8, 1), 1), '{"type":1,"name":"etc/passwd","size":5,"payload":"AQEBAQEBAQE=","position":1}\n');
  t.is(fileLine('etc/', 0, undefined, 2), '{"type":1,"name":"etc/","payload":null,"position":2}\n');
  t.is(fileLine('\xff', 0, undefined, 3), '{"type":1,"name_raw":"/w==","payload":null,"position":3}\n');
  t.is(fileLine('a<b>&"', 0, undefined, 4), '{"type":1,"name":"a\\u003cb\\u003e\\u0026\\"","payload":null,"position":4}\n');
  t.is(fileLine('caf\xc3\xa9', 0, undefined, 5), '{"type":1,"name":"café","payload":null,"position":5}\n');
});

test('SplitWriter gathers raw bytes up to the next file and numbers the lines', (t) => {
  const lines: string[] = [];
  const writer = new SplitWriter((line) => lines.push(line));
  writer.raw(Buffer.from('head'));
  writer.raw(Buffer.from('er'));
  writer.file('f', 1, Buffer.alloc(8));
  t.is(writer.position, 2);
  writer.file('g', 0, undefined);
  writer.raw(Buffer.alloc(10_000, 7));
  writer.end();
  writer.end();
  t.deepEqual(lines.map((line) => (JSON.parse(line) as { position: number }).position), [0, 1, 2, 3]);
  t.deepEqual(parseSplitLine(lines[0] ?? ''), { kind: 'segment', bytes: Buffer.from('header') });
  t.deepEqual(parseSplitLine(lines[3] ?? ''), { kind: 'segment', bytes: Buffer.alloc(10_000, 7) });
});

test('SplitWriter cuts long runs of raw bytes', (t) => {
  const lines: string[] = [];
  const writer = new SplitWriter((line) => lines.push(line));
  const bytes = Buffer.alloc(2_500_000, 3);
  writer.raw(bytes);
  writer.end();
  t.is(lines.length, 3);
  t.true(Buffer.concat(lines.map((line) => (parseSplitLine(line) as { bytes: Buffer }).bytes)).equals(bytes));
});

test('splitEntries() reads what was written, however it is cut, names as bytes', async (t) => {
  const text = segmentLine(Buffer.from('x'), 0) + fileLine('\xff\n', 3, Buffer.alloc(8, 9), 1) + fileLine('é'.normalize(), 0, undefined, 2);
  for (const bytes of [1, 10, 1000]) {
    t.deepEqual((await gather(splitEntries(chunks(text, bytes)))).flat(), [
      { kind: 'segment', bytes: Buffer.from('x') }, { kind: 'file', name: '\xff\n', sizeBytes: 3, crc: Buffer.alloc(8, 9) }, { kind: 'file', name: '\xe9', sizeBytes: 0, crc: Buffer.alloc(0) },
    ]);
  }
});

test('damaged tar-split data is STORE_CORRUPT', async (t) => {
  for (const line of ['', '{', '{"type":3}', '{"type":1,"size":-1}', '{"type":1,"size":1.5}', '{"type":1,"size":"1"}', 'null']) {
    t.is(t.throws(() => parseSplitLine(line), { instanceOf: Error })?.constructor, SkiffError, line);
  }
  const error = await t.throwsAsync(() => gather(splitEntries(chunks(`${segmentLine(Buffer.from('x'), 0)}{"type"`, 5))), { instanceOf: SkiffError });
  t.is((error as SkiffError).code, 'STORE_CORRUPT');
});
