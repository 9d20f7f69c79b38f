import test from 'ava';
import { capabilitiesFromHex, capabilityNames, defaultCapabilities, parseCapability, planCapabilities, type CapabilityRequest } from '../../../../src/container/spec/capabilities.ts';
import { isCode } from '../../../../src/lib/errors.ts';

const plan = (request: Partial<CapabilityRequest>): ReturnType<typeof planCapabilities> =>
  planCapabilities({ add: [], drop: [], privileged: false, uid: 0, defaults: defaultCapabilities, available: capabilityNames, ...request });

test('planCapabilities() of root holds its bounding set, of another user nothing', (t) => {
  const root = plan({});
  t.deepEqual(root.bounding, [...defaultCapabilities].toSorted());
  t.deepEqual(root.effective, root.bounding);
  t.deepEqual(root.permitted, root.bounding);
  const user = plan({ uid: 33 });
  t.deepEqual(user.bounding, root.bounding);
  t.deepEqual([user.effective, user.permitted], [[], []]);
});

test('planCapabilities() adds and drops by any spelling', (t) => {
  const { bounding } = plan({ add: ['net_raw', 'CAP_SYS_PTRACE'], drop: ['Chown'] });
  t.true(bounding.includes('CAP_NET_RAW') && bounding.includes('CAP_SYS_PTRACE') && !bounding.includes('CAP_CHOWN'));
  t.deepEqual(plan({ drop: ['all'], add: ['chown'] }).effective, ['CAP_CHOWN']);
  t.deepEqual(plan({ drop: ['all'] }).bounding, []);
  t.deepEqual(plan({ add: ['ALL'], drop: ['mknod'] }).bounding, capabilityNames.filter((name) => name !== 'CAP_MKNOD').toSorted());
  t.deepEqual(plan({ uid: 33, add: ['net_raw'] }).effective, ['CAP_NET_RAW']);
});

test('planCapabilities() of a privileged container is all that there is to give', (t) => {
  t.deepEqual(plan({ privileged: true }).bounding, [...capabilityNames].toSorted());
  t.deepEqual(plan({ privileged: true, available: ['CAP_CHOWN'] }).bounding, ['CAP_CHOWN']);
  t.deepEqual(plan({ privileged: true, uid: 33 }).effective, []);
  t.deepEqual(plan({ privileged: true, drop: ['all'], add: ['kill'] }).bounding, ['CAP_KILL']);
});

test('planCapabilities() refuses unknown, contradictory and unavailable names', (t) => {
  for (const request of [{ add: ['frobnicate'] }, { drop: ['0'] }, { add: ['kill'], drop: ['cap_kill'] }, { add: ['all'], drop: ['ALL'] }, { add: ['bpf'], available: ['CAP_KILL'] }]) {
    t.true(isCode(t.throws(() => plan(request)), 'USAGE'), JSON.stringify(request));
  }
  t.deepEqual(plan({ available: ['CAP_KILL'] }).bounding, ['CAP_KILL']);
});

test('capabilitiesFromHex() reads the kernel\'s numbering', (t) => {
  t.deepEqual(capabilitiesFromHex('00000000800405fb\n'), capabilityNames.filter((name) => defaultCapabilities.includes(name)));
  t.deepEqual(capabilitiesFromHex('0000010000000000'), ['CAP_CHECKPOINT_RESTORE']);
  t.is(capabilitiesFromHex('ffffffffffffffff').length, 41);
  t.is(parseCapability('sys_admin'), 'CAP_SYS_ADMIN');
});
