import test from 'ava';
import { limiter } from '../../../src/lib/limit.ts';

test('limiter() runs so many at once and no more, in the order they came', async (t) => {
  const inTurn = limiter(2);
  const started: number[] = [];
  let running = 0;
  let most = 0;
  const results = await Promise.all([0, 1, 2, 3, 4].map((number) => inTurn(async () => {
    started.push(number);
    most = Math.max(most, ++running);
    await new Promise((resolve) => { setImmediate(resolve); });
    running--;
    return number * 2;
  })));
  t.deepEqual(results, [0, 2, 4, 6, 8]);
  t.deepEqual(started, [0, 1, 2, 3, 4]);
  t.is(most, 2);
});

test('limiter() gives a place on after a failure', async (t) => {
  const inTurn = limiter(1);
  const failed = inTurn(() => Promise.reject(new Error('no')));
  const after = inTurn(() => Promise.resolve('yes'));
  await t.throwsAsync(failed, { message: 'no' });
  t.is(await after, 'yes');
});
