import { gunzipSync } from 'node:zlib';
import test from 'ava';
import { gzipChunks } from '../../../../src/storage/pack/gzip.ts';

async function packed(pieces: readonly Uint8Array[]): Promise<Buffer> {
  const out: Uint8Array[] = [];
  for await (const piece of gzipChunks((async function* source() { yield* pieces; })())) out.push(piece);
  return Buffer.concat(out);
}

/** Text that compresses, but not to nothing, and repeats across chunks. */
function sample(length: number): Buffer {
  let seed = 1;
  const words = Array.from({ length: 500 }, () => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    return seed.toString(36);
  });
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length;) {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    at += bytes.write(`${words[seed % words.length]} `, at);
    if (at + 10 > length) break;
  }
  return bytes;
}

for (const length of [0, 1, 32 * 1024, 512 * 1024 - 1, 512 * 1024, 512 * 1024 + 1, 3_000_000]) {
  test(`gzipChunks() of ${length} bytes is one gzip member that gunzip takes`, async (t) => {
    const bytes = sample(length);
    const result = await packed([bytes]);
    t.true(gunzipSync(result).equals(bytes));
  });
}

test('gzipChunks() does not depend on how the source is cut', async (t) => {
  const bytes = sample(1_500_000);
  const whole = await packed([bytes]);
  const cut = await packed(Array.from({ length: 151 }, (_, at) => bytes.subarray(at * 10_000, (at + 1) * 10_000)));
  t.true(whole.equals(cut));
});

test('gzipChunks() passes the error of its source on', async (t) => {
  await t.throwsAsync(async () => {
    for await (const piece of gzipChunks((async function* broken() {
      yield Buffer.alloc(2_000_000);
      throw new Error('source broke');
    })())) void piece;
  }, { message: 'source broke' });
});
