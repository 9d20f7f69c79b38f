import test from 'ava';
import { RegistryError } from '../../../src/registry/errors.ts';
import { parseRetryAfter, retryDelayMs, withRetries } from '../../../src/registry/retry.ts';

function failure(temporary: boolean, retryAfterMs?: number): RegistryError {
  return new RegistryError('no', { method: 'GET', url: new URL('https://r.example'), stage: 'answer', temporary, retryAfterMs });
}

test('retryDelayMs() doubles, within its jitter and its limit', (t) => {
  const delays = (random: number): (number | undefined)[] => [1, 2, 3, 4, 5, 6, 60].map((attempt) => retryDelayMs(attempt, undefined, () => random));
  t.deepEqual(delays(0), [250, 500, 1000, 2000, 4000, 4000, 4000]);
  t.deepEqual(delays(0.5), [500, 1000, 2000, 4000, 8000, 8000, 8000]);
});

test('retryDelayMs() waits at least as long as it was asked to, unless that is longer than anybody waits', (t) => {
  t.is(retryDelayMs(1, 5000, () => 0), 5000);
  t.is(retryDelayMs(5, 1000, () => 0.5), 8000);
  t.is(retryDelayMs(1, 60_000), 60_000);
  t.is(retryDelayMs(1, 60_001), undefined);
});

test('retryDelayMs() waits as long as the user chose, or as the server asked for', (t) => {
  t.deepEqual([1, 2, 9].map((attempt) => retryDelayMs(attempt, undefined, () => 0, 20)), [20, 20, 20]);
  t.is(retryDelayMs(1, 5000, () => 0, 20), 5000);
});

test('parseRetryAfter() reads seconds and dates', (t) => {
  const now = Date.UTC(2026, 10, 22, 10, 0, 0);
  t.is(parseRetryAfter('120', now), 120_000);
  t.is(parseRetryAfter(' 0 ', now), 0);
  t.is(parseRetryAfter('Sun, 22 Nov 2026 10:00:30 GMT', now), 30_000);
  t.is(parseRetryAfter('Sun, 22 Nov 2026 09:00:00 GMT', now), 0);
  for (const text of [undefined, '', '-1', '1.5', 'soon', '2026-11-22', '99999999999999']) t.is(parseRetryAfter(text, now), undefined, text);
});

test('withRetries() tries again after what may pass, and no more often than allowed', async (t) => {
  let count = 0;
  t.is(await withRetries(3, undefined, (attempt) => { count = attempt; return attempt < 2 ? Promise.reject(failure(true)) : Promise.resolve('done'); }), 'done');
  t.is(count, 2);
  await t.throwsAsync(withRetries(1, undefined, (attempt) => { count = attempt; return Promise.reject(failure(true)); }));
  t.is(count, 1);
});

test('withRetries() lets be what will not pass, and what asks for too much patience', async (t) => {
  for (const error of [failure(false), failure(true, 3_600_000), new Error('bug')]) {
    let count = 0;
    t.is(await t.throwsAsync(withRetries(5, undefined, () => { count++; return Promise.reject(error); })), error);
    t.is(count, 1);
  }
});

test('withRetries() ends its wait when it is stopped', async (t) => {
  const stop = new AbortController();
  const waiting = withRetries(5, stop.signal, () => Promise.reject(failure(true, 4500)));
  setImmediate(() => { stop.abort(); });
  t.is((await t.throwsAsync(waiting)).name, 'AbortError');
});
