import test from 'ava';
import { parseSignal, tryParseSignal } from '../../../src/container/signals.ts';

test('parseSignal() takes names with and without SIG, any case, and numbers', (t) => {
  for (const text of ['TERM', 'SIGTERM', 'sigterm', 'term', '15']) t.is(parseSignal(text), 15, text);
  t.is(parseSignal('KILL'), 9);
});

test('parseSignal() knows real-time signals', (t) => {
  t.is(parseSignal('RTMIN'), 34);
  t.is(parseSignal('SIGRTMIN+3'), 37);
  t.is(parseSignal('RTMAX-1'), 63);
});

test('tryParseSignal() refuses what is none', (t) => {
  for (const text of ['', '0', '65', 'NONE', '-9', 'RTMIN+40', 'RTMAX+1', '9x']) t.is(tryParseSignal(text), undefined, text);
});
