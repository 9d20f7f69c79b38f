import test from 'ava';
import { combineFilters, hasLabel, parseFilter, parseMoment, type Filter } from '../../../src/lib/filter.ts';

interface Thing { name: string; labels: Record<string, string> }
const things: Thing[] = [
  { name: 'a', labels: { x: '1', y: '2' } },
  { name: 'b', labels: { x: '1' } },
  { name: 'c', labels: {} },
];
const read = ({ key, value }: Filter): ((thing: Thing) => boolean) | undefined =>
  key === 'name' ? (thing) => thing.name === value : key === 'label' ? (thing) => hasLabel(thing.labels, value) : undefined;
const names = (filters: string[]): string[] => things.filter(combineFilters(filters, read, 'thing')).map(({ name }) => name);

test('combineFilters() takes values of one key as alternatives and different keys together', (t) => {
  t.deepEqual(names([]), ['a', 'b', 'c']);
  t.deepEqual(names(['name=a', 'name=c']), ['a', 'c']);
  t.deepEqual(names(['name=a', 'name=c', 'label=x']), ['a']);
});

test('combineFilters() wants all labels, and every negation', (t) => {
  t.deepEqual(names(['label=x', 'label=y=2']), ['a']);
  t.deepEqual(names(['label!=y']), ['b', 'c']);
  t.deepEqual(names(['name!=a', 'name!=b']), ['c']);
});

test('combineFilters() names an unknown key', (t) => {
  t.throws(() => names(['colour=red']), { code: 'USAGE', message: 'unsupported thing filter "colour"' });
});

test('parseFilter() cuts at the first "=" and knows "!="', (t) => {
  t.deepEqual(parseFilter('label=a=b'), { key: 'label', negated: false, value: 'a=b' });
  t.deepEqual(parseFilter('label!=a=b'), { key: 'label', negated: true, value: 'a=b' });
  t.deepEqual(parseFilter('name='), { key: 'name', negated: false, value: '' });
  t.throws(() => parseFilter('name'), { code: 'USAGE' });
  t.throws(() => parseFilter('=x'), { code: 'USAGE' });
});

test('hasLabel() reads own keys only', (t) => {
  t.false(hasLabel({}, 'constructor'));
  t.true(hasLabel({ a: '' }, 'a='));
  t.false(hasLabel({ a: '1' }, 'a='));
});

test('parseMoment() reads RFC 3339, unix seconds and durations before or after now', (t) => {
  const now = Date.parse('2026-01-02T03:04:05Z');
  t.is(parseMoment('2026-01-02T03:04:05Z', 0), now);
  t.is(parseMoment('1767323045', 0), 1_767_323_045_000);
  t.is(parseMoment('10m', now), now - 600_000);
  t.is(parseMoment('30', now), 30_000);
  t.is(parseMoment('0', now), 0);
  t.is(parseMoment('-1h', now), now + 3_600_000);
  t.is(parseMoment('1h', now, 'forward'), now + 3_600_000);
  t.throws(() => parseMoment('x', now), { code: 'USAGE' });
  t.throws(() => parseMoment('5 o clock', now), { code: 'USAGE' });
});
