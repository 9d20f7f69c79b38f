import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { SkiffError } from '../../../src/lib/errors.ts';
import { checkLimits, checkManager, chooseCgroupManager } from '../../../src/host/cgroup/manager.ts';
import { ownCgroup } from '../../../src/host/cgroup/own.ts';
import { withoutSupervisor } from '../../../src/host/cgroup/split.ts';
import { userBus } from '../../../src/host/cgroup/user-manager.ts';
import type { CgroupFacts, Cgroups } from '../../../src/host/cgroup/manager.ts';

const facts = (over: Partial<CgroupFacts>): CgroupFacts => ({ view: 'v2', systemd: true, delegated: true, ...over });
const cgroups = (over: Partial<Cgroups>): Cgroups => ({ view: 'v2', manager: 'systemd', controllers: ['memory', 'pids'], parent: '/user.slice', delegated: true, systemd: true, ...over });

test('chooseCgroupManager() prefers systemd, then a delegated cgroup, then none', (t) => {
  t.is(chooseCgroupManager('auto', facts({})), 'systemd');
  t.is(chooseCgroupManager('auto', facts({ systemd: false })), 'cgroupfs');
  t.is(chooseCgroupManager('auto', facts({ systemd: false, delegated: false })), 'disabled');
});

test('chooseCgroupManager() takes a wish at its word on a v2 host', (t) => {
  for (const wish of ['systemd', 'cgroupfs', 'disabled'] as const) t.is(chooseCgroupManager(wish, facts({ systemd: false, delegated: false })), wish);
});

test('chooseCgroupManager() never picks systemd in the private view of a hybrid host', (t) => {
  t.is(chooseCgroupManager('systemd', facts({ view: 'private' })), 'cgroupfs');
  t.is(chooseCgroupManager('auto', facts({ view: 'private', delegated: false })), 'disabled');
  t.is(chooseCgroupManager('disabled', facts({ view: 'private' })), 'disabled');
  t.is(chooseCgroupManager('systemd', facts({ view: 'none' })), 'disabled');
});

test('checkLimits() lets pass what the controllers can keep', (t) => {
  t.notThrows(() => checkLimits({ memoryBytes: 1, pids: 3 }, cgroups({})));
  t.notThrows(() => checkLimits({ pids: -1, memorySwapBytes: 0, cpusetCpus: '' }, cgroups({ view: 'none', manager: 'disabled', controllers: [] })));
});

test('checkLimits() names the controllers that are missing', (t) => {
  const error = t.throws(() => checkLimits({ nanoCpus: 1e9, cpusetCpus: '0', pids: 0 }, cgroups({})), { instanceOf: SkiffError });
  t.is(error?.code, 'CGROUP_UNAVAILABLE');
  t.regex(error?.message ?? '', /^--cpus, --cpuset-cpus: needs the cgroup controllers cpuset, cpu, not delegated/);
});

test('checkLimits() refuses every limit where cgroups are disabled or the host is hybrid', (t) => {
  t.is(t.throws(() => checkLimits({ pids: 3 }, cgroups({ manager: 'disabled' })), { instanceOf: SkiffError })?.code, 'CGROUP_UNAVAILABLE');
  t.regex(t.throws(() => checkLimits({ pids: 3 }, cgroups({ view: 'private' })))?.message ?? '', /does not have cgroup v2 alone/);
});

test('checkLimits() tells a manager that was chosen from one that is missing', (t) => {
  t.regex(t.throws(() => checkLimits({ memoryBytes: 1 }, cgroups({ manager: 'disabled' })))?.message ?? '', /the cgroup manager is "disabled"/);
  t.regex(t.throws(() => checkLimits({ memoryBytes: 1 }, cgroups({ controllers: [] })))?.message ?? '', /not delegated to this user/);
});

test('checkManager() refuses the cgroupfs manager where no cgroup can be made', (t) => {
  t.notThrows(() => checkManager(cgroups({ manager: 'cgroupfs' })));
  t.notThrows(() => checkManager(cgroups({ delegated: false })));
  const error = t.throws(() => checkManager(cgroups({ manager: 'cgroupfs', delegated: false })), { instanceOf: SkiffError });
  t.is(error?.code, 'CGROUP_UNAVAILABLE');
  t.regex(error?.hint ?? '', /the cgroup manager "systemd"/);
});

test('withoutSupervisor() is the cgroup that was split', (t) => {
  t.is(withoutSupervisor('/user.slice/a.service/supervisor'), '/user.slice/a.service');
  t.is(withoutSupervisor('/user.slice/a.service'), '/user.slice/a.service');
  t.is(withoutSupervisor('/supervisor'), '/');
});

test('userBus() is the one of the environment where that is there, else the usual one; a stale or missing variable leads nowhere', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'skiff-bus-'));
  t.teardown(() => { rmSync(dir, { recursive: true }); });
  const uid = 999_999_999; // whose /run/user is not there
  const usual = `unix:path=${dir}/bus`;
  t.is(userBus({ XDG_RUNTIME_DIR: dir }, uid), undefined);
  writeFileSync(join(dir, 'bus'), '');
  t.is(userBus({ XDG_RUNTIME_DIR: dir }, uid), usual);
  t.is(userBus({ XDG_RUNTIME_DIR: dir, DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent' }, uid), usual);
  t.is(userBus({ DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent,guid=1' }, uid), undefined);
  const given = `unix:path=/nonexistent;unix:guid=1,path=${dir}/bus`;
  t.is(userBus({ DBUS_SESSION_BUS_ADDRESS: given }, uid), given);
  t.is(userBus({ DBUS_SESSION_BUS_ADDRESS: 'unix:path=/tmp/%zz' }, uid), undefined, 'wrongly escaped');
  t.is(userBus({ DBUS_SESSION_BUS_ADDRESS: 'unix:abstract=/tmp/dbus-x' }, uid), 'unix:abstract=/tmp/dbus-x');
});

test('ownCgroup() takes the line of v2 among those of v1', (t) => {
  t.is(ownCgroup('12:pids:/a\n1:name=systemd:/b\n0::/user.slice/c\n'), '/user.slice/c');
  t.is(ownCgroup('1:name=systemd:/b\n'), undefined);
});
