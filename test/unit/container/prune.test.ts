import test from 'ava';
import { pruneFilter } from '../../../src/container/prune.ts';

const nowMs = Date.parse('2026-01-02T00:00:00Z');
const keep = (...filters: string[]) => pruneFilter<{ createdMs: number; labels: Record<string, string> }>(filters, nowMs, (item) => item);
const item = (hoursOld: number, labels: Record<string, string> = {}) => ({ createdMs: nowMs - hoursOld * 3_600_000, labels });

test('pruneFilter() takes what is older than until', (t) => {
  t.true(keep('until=24h')(item(25)));
  t.false(keep('until=24h')(item(23)));
  t.true(keep('until=2026-01-01')(item(30)));
});

test('pruneFilter() wants every label, and none of those with "!="', (t) => {
  t.true(keep('label=a', 'label=b=1')(item(0, { a: '', b: '1' })));
  t.false(keep('label=a', 'label=b=1')(item(0, { a: '', b: '2' })));
  t.false(keep('label!=a')(item(0, { a: '' })));
  t.true(keep('label!=a')(item(0)));
  t.true(keep()(item(0)));
});

test('pruneFilter() refuses other keys', (t) => {
  t.throws(() => keep('name=x'), { message: 'name is an invalid filter' });
});
