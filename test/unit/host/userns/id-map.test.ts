import test from 'ava';
import { mappedIDs, parseIDMap } from '../../../../src/host/userns/id-map.ts';

test('parseIDMap() reads the columns of the kernel', (t) => {
  t.deepEqual(parseIDMap('         0       1000          1\n         1     100000      65536\n'), [
    { inside: 0, outside: 1000, size: 1 }, { inside: 1, outside: 100_000, size: 65_536 },
  ]);
});

test('parseIDMap() of nothing is empty', (t) => {
  t.deepEqual(parseIDMap(''), []);
  t.deepEqual(parseIDMap('0 1000\nx y z\n'), []);
});

test('mappedIDs() sums all ranges', (t) => {
  t.is(mappedIDs(parseIDMap('0 1000 1\n1 100000 65536\n65537 300000 10\n')), 65_547);
});
