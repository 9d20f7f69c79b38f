import test from 'ava';
import { formatGoTime, formatRfc3339Nano, nowNs, nowRfc3339Nano } from '../../../src/host/time.ts';

test('formatRfc3339Nano() always writes nine digits and Z', (t) => {
  t.is(formatRfc3339Nano(0n), '1970-01-01T00:00:00.000000000Z');
  t.is(formatRfc3339Nano(1_700_000_000_000_000_007n), '2023-11-14T22:13:20.000000007Z');
});

test('formatRfc3339Nano() of a time before 1970 counts forward within the second', (t) => {
  t.is(formatRfc3339Nano(-1n), '1969-12-31T23:59:59.999999999Z');
});

test('nowRfc3339Nano() is now, and never runs backwards', (t) => {
  const texts = Array.from({ length: 1000 }, () => nowRfc3339Nano());
  t.deepEqual(texts, texts.toSorted());
  t.true(Math.abs(Date.parse(texts[0] ?? '') - Date.now()) < 60_000);
  t.true(nowNs() > 0n);
});

test('formatGoTime() leaves zeros at the end out, and with them the point', (t) => {
  t.is(formatGoTime(1_700_000_000_120_000_000n), '2023-11-14T22:13:20.12Z');
  t.is(formatGoTime(1_700_000_000_000_000_000n), '2023-11-14T22:13:20Z');
  t.is(formatGoTime(1_700_000_000_000_000_007n), '2023-11-14T22:13:20.000000007Z');
});
