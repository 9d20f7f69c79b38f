import test from 'ava';
import { formatDuration, humanDuration, humanSize, parseBytes, parseDuration, tryParseDuration } from '../../../src/lib/units.ts';

test('humanSize() prints powers of 1000 with four digits, or three and a blank', (t) => {
  t.deepEqual([0, 1, 999, 1000, 1_234_567, 1e12].map((n) => humanSize(n)), ['0B', '1B', '999B', '1kB', '1.235MB', '1TB']);
  t.is(humanSize(11_331, { digits: 3, separator: ' ' }), '11.3 kB');
  t.is(humanSize(7_630_000, { digits: 3, separator: ' ' }), '7.63 MB');
});

test('parseBytes() takes every spelling of a unit as a power of 1024', (t) => {
  const megabyte = 1024 ** 2;
  for (const text of ['1m', '1M', '1mb', '1MB', '1mib', '1MiB', '1 m']) t.is(parseBytes(text), megabyte, text);
  t.is(parseBytes('512'), 512);
  t.is(parseBytes('512b'), 512);
  t.is(parseBytes('1.5g'), 1.5 * 1024 ** 3);
  t.is(parseBytes('.5k'), 512);
  t.is(parseBytes('2t'), 2 * 1024 ** 4);
});

test('parseBytes() refuses what is no size', (t) => {
  for (const text of ['', 'x', '-1', '1x', 'm', '1 000', '1e3', '99999999p', '0x10']) t.throws(() => parseBytes(text), { code: 'USAGE' }, text);
});

test('parseDuration() reads Go syntax, and a bare number as seconds', (t) => {
  t.is(parseDuration('10'), 10_000);
  t.is(parseDuration('1.5'), 1500);
  t.is(parseDuration('1h30m'), 5_400_000);
  t.is(parseDuration('1m30.5s'), 90_500);
  t.is(parseDuration('250ms'), 250);
  t.is(parseDuration('-2m'), -120_000);
  t.is(parseDuration('1µs'), 0.001);
  t.is(parseDuration('0'), 0);
});

test('parseDuration() refuses what is no duration, tryParseDuration() gives undefined', (t) => {
  for (const text of ['', 's', '1d', '1h 30m', '--1s', 'x', '1s2']) {
    t.throws(() => parseDuration(text), { code: 'USAGE' }, text);
    t.is(tryParseDuration(text), undefined);
  }
});

test('formatDuration() prints as Go does', (t) => {
  t.deepEqual([0, 5, 1500, 10_000, 90_000, 3_600_000, 3_661_500, -1000].map((ms) => formatDuration(ms)), ['0s', '5ms', '1.5s', '10s', '1m30s', '1h0m0s', '1h1m1.5s', '-1s']);
});

test('humanDuration() rounds as Docker does', (t) => {
  const second = 1000;
  const [minute, hour, day] = [60 * second, 3600 * second, 86_400 * second];
  const table: [number, string][] = [
    [0, 'Less than a second'], [second, '1 second'], [59 * second, '59 seconds'], [minute, 'About a minute'], [2 * minute, '2 minutes'], [59 * minute, '59 minutes'],
    [hour, 'About an hour'], [1.6 * hour, '2 hours'], [47 * hour, '47 hours'], [2 * day, '2 days'], [13 * day, '13 days'], [14 * day, '2 weeks'],
    [60 * day, '2 months'], [800 * day, '2 years'],
  ];
  for (const [ms, text] of table) t.is(humanDuration(ms), text);
});
