import { tmpdir } from 'node:os';
import test from 'ava';
import { InflationLimit, freeOfCountEntries, freeOfLimitBytes, leastBytesOfEntry, maxInflation } from '../../../../src/storage/unpack/inflation-limit.ts';

test('InflationLimit lets small layers inflate as they like, and large ones up to the ratio', (t) => {
  const small = new InflationLimit(tmpdir(), 10);
  t.notThrows(() => small.add(freeOfLimitBytes));
  t.throws(() => small.add(1), { message: /decompression bomb/ });
  const large = new InflationLimit(tmpdir(), freeOfLimitBytes);
  for (let at = 0; at < maxInflation; at++) large.add(freeOfLimitBytes);
  t.throws(() => large.add(1), { message: /decompression bomb/ });
});

test('InflationLimit without a declared length only looks at the disk', (t) => {
  const limit = new InflationLimit(tmpdir(), undefined);
  t.notThrows(() => limit.add(2 ** 40));
  t.notThrows(() => limit.look(2 ** 40));
});

test('InflationLimit counts entries from a million on, against the bytes that held them', (t) => {
  const dense = new InflationLimit(tmpdir(), freeOfCountEntries * leastBytesOfEntry - 1);
  t.notThrows(() => dense.look(freeOfCountEntries - 1));
  t.throws(() => dense.look(freeOfCountEntries), { message: /hold 1000000 entries and more: refused as a decompression bomb/ });
  const real = new InflationLimit(tmpdir(), freeOfCountEntries * leastBytesOfEntry);
  t.notThrows(() => real.look(freeOfCountEntries));
  t.throws(() => real.look(2 * freeOfCountEntries), { message: /decompression bomb/ });
});
