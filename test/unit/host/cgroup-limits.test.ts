import test from 'ava';
import { SkiffError } from '../../../src/lib/errors.ts';
import { cgroup2Values, controllersFor } from '../../../src/host/cgroup/limits.ts';

test('cgroup2Values() of nothing is nothing', (t) => {
  t.deepEqual(cgroup2Values({}), {});
});

test('cgroup2Values() counts swap without memory', (t) => {
  t.deepEqual(cgroup2Values({ memoryBytes: 100, memorySwapBytes: 300 }), { 'memory.max': '100', 'memory.swap.max': '200' });
  t.is(cgroup2Values({ memoryBytes: 100, memorySwapBytes: -1 })['memory.swap.max'], 'max');
});

test('cgroup2Values() refuses a limit of swap without one of memory, or below it', (t) => {
  for (const limits of [{ memorySwapBytes: 300 }, { memoryBytes: 300, memorySwapBytes: 299 }]) {
    t.is(t.throws(() => cgroup2Values(limits), { instanceOf: SkiffError })?.code, 'USAGE');
  }
});

test('cgroup2Values() turns cpus into a quota of the default period', (t) => {
  t.is(cgroup2Values({ nanoCpus: 1_500_000_000 })['cpu.max'], '150000 100000');
  t.is(cgroup2Values({ cpuQuota: 5000, cpuPeriod: 20_000 })['cpu.max'], '5000 20000');
  t.is(cgroup2Values({ cpuPeriod: 20_000 })['cpu.max'], 'max 20000');
});

test('cgroup2Values() maps shares 2, 1024 and 262144 to weights 1, 39 and 10000', (t) => {
  t.deepEqual([2, 1024, 262_144].map((cpuShares) => cgroup2Values({ cpuShares })['cpu.weight']), ['1', '39', '10000']);
});

test('cgroup2Values() of pids 0 and -1 is max', (t) => {
  t.deepEqual([0, -1, 7].map((pids) => cgroup2Values({ pids })['pids.max']), ['max', 'max', '7']);
});

test('controllersFor() names each controller once', (t) => {
  t.deepEqual(controllersFor({ memoryBytes: 1, memoryReservationBytes: 1, pids: 5, cpuShares: 2, cpusetCpus: '0' }), ['cpuset', 'cpu', 'memory', 'pids']);
  t.deepEqual(controllersFor({}), []);
});
