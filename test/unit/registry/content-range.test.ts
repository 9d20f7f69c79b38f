import test from 'ava';
import { parseContentRange } from '../../../src/registry/content-range.ts';

test('parseContentRange() reads parts and totals', (t) => {
  t.deepEqual(parseContentRange('bytes 5-9/10'), { first: 5, last: 9, totalBytes: 10 });
  t.deepEqual(parseContentRange('bytes 5-9/*'), { first: 5, last: 9, totalBytes: undefined });
  t.deepEqual(parseContentRange('bytes */10'), { first: undefined, last: undefined, totalBytes: 10 });
});

test('parseContentRange() of what makes no sense is undefined', (t) => {
  for (const text of [undefined, '', 'bytes */*', 'bytes 9-5/10', 'bytes 5-10/10', 'bytes -5/10', 'bits 0-1/2', 'bytes 0-1/2x', 'bytes 99999999999999999999-1/2']) t.is(parseContentRange(text), undefined, text);
});
