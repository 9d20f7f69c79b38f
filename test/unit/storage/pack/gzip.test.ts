import { randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import test from 'ava';
import { zlibCompressor } from '../../../../src/host/gzip.ts';
import { gzipChunks } from '../../../../src/storage/pack/gzip.ts';

async function packed(pieces: readonly Uint8Array[], level?: number): Promise<Buffer> {
  const out: Uint8Array[] = [];
  for await (const piece of gzipChunks((async function* source() { yield* pieces; })(), level)) out.push(piece);
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
  test(`gzipChunks() of ${length} bytes is gzip that gunzip takes`, async (t) => {
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

/** Noise, runs, copies from near and far, in pieces of odd lengths. */
function mixture(seed: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  const next = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
  for (let at = 0; at < length;) {
    const count = Math.min(length - at, 1 + next(3000));
    const kind = next(4);
    const distance = 1 + next(Math.min(at + 1, 40_000));
    for (let done = 0; done < count; done++) bytes[at + done] = kind === 0 ? next(256) : kind === 1 ? 7 : kind === 2 ? 97 + next(5) : bytes[at + done - distance] ?? 0;
    at += count;
  }
  return bytes;
}

test('gzipChunks() gives back noise, runs and copies of every length', async (t) => {
  for (let seed = 1; seed <= 60; seed++) {
    const bytes = mixture(seed, seed % 12 === 0 ? 700_000 + seed : seed * 331);
    t.true(gunzipSync(await packed([bytes])).equals(bytes), `seed ${seed}`);
  }
});

test('without libdeflate the compressor is zlib, one chunk at a time', async (t) => {
  const bytes = sample(100_000);
  const compressor = zlibCompressor(6);
  t.true(gunzipSync(await compressor.gzip(bytes)).equals(bytes));
  t.true((await compressor.gzip(bytes)).equals(gzipSync(bytes, { level: 6, memLevel: 9 })));
});

test('gzipChunks() stores what can\'t be compressed, and hardly makes it larger', async (t) => {
  const bytes = randomBytes(1_000_000);
  const result = await packed([bytes]);
  t.true(gunzipSync(result).equals(bytes));
  t.true(result.length < bytes.length + 300, `${result.length}`);
});

test('gzipChunks() compresses text well, and with a level as zlib does', async (t) => {
  const bytes = sample(2_000_000);
  const [quick, best] = [(await packed([bytes])).length, (await packed([bytes], 9)).length];
  t.true(quick < gzipSync(bytes, { level: 1 }).length * 1.05, `${quick}`);
  t.true(best < gzipSync(bytes, { level: 9 }).length * 1.05, `${best}`);
});
