import { createHash } from 'node:crypto';
import test from 'ava';
import { Decompress } from 'fzstd';
import { openZstd } from '../../../../src/host/zstd.ts';
import { zstdByLibrary, zstdByScript } from '../../../../src/storage/unpack/source.ts';

type Decoder = (chunks: AsyncIterable<Buffer>) => AsyncIterable<Buffer>;
const library = openZstd();
const decoders: readonly [string, Decoder][] = [
  ['zstdByScript()', (chunks) => zstdByScript(chunks, Decompress)],
  ...(library === undefined ? [] : [['zstdByLibrary()', (chunks) => zstdByLibrary(chunks, openZstd() ?? library)] as [string, Decoder]]),
];

// oxlint-disable-next-line require-await -- a stream, as the reader has it
async function* inPieces(bytes: Buffer, step: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}

/** A frame of blocks that are stored as they are. */
function stored(data: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x48])];
  for (let at = 0; at < data.length; at += 50_000) {
    const piece = data.subarray(at, at + 50_000);
    const header = Buffer.alloc(3);
    header.writeUIntLE((piece.length << 3) | (at + 50_000 >= data.length ? 1 : 0), 0, 3);
    parts.push(header, piece);
  }
  return Buffer.concat(parts);
}

/** A frame of blocks that each repeat a zero 128 KiB times: four bytes that become 131072. */
function bomb(blocks: number): Buffer {
  const parts: Buffer[] = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x48])];
  for (let at = 0; at < blocks; at++) {
    const block = Buffer.alloc(4);
    block.writeUIntLE((131_072 << 3) | (1 << 1) | (at === blocks - 1 ? 1 : 0), 0, 3);
    parts.push(block);
  }
  return Buffer.concat(parts);
}

for (const [name, decode] of decoders) {
  test(`${name} gives what is in it, however it is cut, several frames in a row`, async (t) => {
    const plain = Buffer.from(Array.from({ length: 60_000 }, (_, at) => `${at * at} `).join(''));
    const frame = stored(plain);
    for (const step of [7, 4096, 1 << 20]) {
      const sum = createHash('sha256');
      for await (const chunk of decode(inPieces(Buffer.concat([frame, frame]), step))) sum.update(chunk);
      t.is(sum.digest('hex'), createHash('sha256').update(plain).update(plain).digest('hex'), `${step}`);
    }
  });

  test.serial(`${name} holds little of what inflates thirtythousandfold`, async (t) => {
    const before = process.memoryUsage().rss;
    let [total, most] = [0, 0];
    for await (const chunk of decode(inPieces(bomb(4096), 1 << 20))) {
      total += chunk.length;
      most = Math.max(most, process.memoryUsage().rss);
    }
    t.is(total, 4096 * 131_072);
    t.true(most - before < 200_000_000, `${most - before}`);
  });

  test(`${name} refuses what is cut and what is no zstd`, async (t) => {
    const frame = stored(Buffer.alloc(100_000, 'x'));
    await t.throwsAsync(async () => { for await (const chunk of decode(inPieces(frame.subarray(0, -3), 4096))) void chunk; }, { message: /truncated/ });
    await t.throwsAsync(async () => { for await (const chunk of decode(inPieces(Buffer.alloc(1000, 'x'), 4096))) void chunk; });
  });
}
