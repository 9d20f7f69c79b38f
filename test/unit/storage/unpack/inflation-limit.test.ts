import { tmpdir } from 'node:os';
import test from 'ava';
import { InflationLimit, freeOfLimitBytes, maxInflation } from '../../../../src/storage/unpack/inflation-limit.ts';

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
});
