import test from 'ava';
import { SkiffError } from '../../../../src/lib/errors.ts';
import { compressionOf } from '../../../../src/storage/unpack/source.ts';
import { ZstdFrameGuard, maxWindowBytes } from '../../../../src/storage/unpack/zstd-frames.ts';

test('compressionOf() goes by the first bytes', (t) => {
  t.is(compressionOf(Buffer.from([0x1f, 0x8b, 8])), 'gzip');
  t.is(compressionOf(Buffer.from([0x28, 0xb5, 0x2f, 0xfd])), 'zstd');
  t.is(compressionOf(Buffer.from([0x5a, 0x2a, 0x4d, 0x18])), 'zstd');
  t.is(compressionOf(Buffer.from('etc/passwd')), 'none');
  t.is(compressionOf(Buffer.alloc(0)), 'none');
  for (const head of [Buffer.from('fd377a585a00', 'hex'), Buffer.from('BZh91AY')]) {
    t.is((t.throws(() => compressionOf(head), { instanceOf: SkiffError }) as SkiffError | undefined)?.code, 'UNSUPPORTED');
  }
});

/** A frame of one raw block, with the header that `descriptor` asks for. */
function frame(window: number, data: Buffer): Buffer {
  const block = Buffer.alloc(3);
  block.writeUIntLE((data.length << 3) | 1, 0, 3);
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, window]), block, data]);
}

function judge(bytes: Buffer, step = bytes.length): string {
  const guard = new ZstdFrameGuard();
  try {
    for (let at = 0; at < bytes.length; at += step) guard.push(bytes.subarray(at, at + step));
    return guard.complete ? 'complete' : 'cut';
  } catch (error) {
    return error instanceof SkiffError ? error.code : String(error);
  }
}

test('ZstdFrameGuard follows frames and skippable frames, however they are cut', (t) => {
  const skippable = Buffer.concat([Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0]), Buffer.from('abc')]);
  const stream = Buffer.concat([frame(0, Buffer.from('hello')), skippable, frame(17 << 3, Buffer.alloc(1000))]);
  for (const step of [1, 2, 3, 10, stream.length]) t.is(judge(stream, step), 'complete');
  for (const cut of [1, 5, 8, 12, 16, 20, 30, stream.length - 1]) t.is(judge(stream.subarray(0, cut)), cut === 14 ? 'complete' : 'cut', `${cut}`);
});

test('ZstdFrameGuard refuses windows beyond the bound, in any frame', (t) => {
  const log2 = Math.log2(maxWindowBytes);
  t.is(judge(frame((log2 - 10) << 3, Buffer.from('x'))), 'complete');
  t.is(judge(frame(((log2 - 10) << 3) | 1, Buffer.from('x'))), 'ARCHIVE_INVALID');
  t.is(judge(Buffer.concat([frame(0, Buffer.from('x')), frame(31 << 3, Buffer.from('x'))]), 1), 'ARCHIVE_INVALID');
  const single = Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0]), Buffer.from([0, 0, 0, 0x80])]);
  t.is(judge(single), 'ARCHIVE_INVALID', 'a frame of one segment has its size for a window');
  t.is(judge(Buffer.from('no zstd at all')), 'ARCHIVE_INVALID');
});
