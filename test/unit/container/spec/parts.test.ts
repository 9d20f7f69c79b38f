import test from 'ava';
import { containerenvText } from '../../../../src/container/spec/containerenv.ts';
import { parseBoundingSet, parseIDMap, parseLimit } from '../../../../src/container/spec/facts.ts';
import { bindOptions, tmpfsOptions } from '../../../../src/container/spec/mount-options.ts';
import { findUser, groupWith, passwdWith } from '../../../../src/container/spec/passwd.ts';
import { planPaths } from '../../../../src/container/spec/paths.ts';
import { planArgs, planCwd, planEnv, planRlimits } from '../../../../src/container/spec/process.ts';
import { cgroupsPath, planResources } from '../../../../src/container/spec/resources.ts';
import { parseSecurityOptions } from '../../../../src/container/spec/security.ts';
import { planSysctls } from '../../../../src/container/spec/sysctls.ts';
import { mapID, planUserns, storageMapping } from '../../../../src/container/spec/userns.ts';
import { isCode } from '../../../../src/lib/errors.ts';
import { makeInput, makeRecord } from '../../../helpers/spec-input.ts';

test('planEnv() has each name once, the user\'s over ours', (t) => {
  t.deepEqual(planEnv(makeInput()), ['PATH=/app/bin', 'container=podman', 'MODE=fast', 'HOME=/root', 'HOSTNAME=box']);
  t.deepEqual(planEnv(makeInput({ config: { Env: ['A=1', 'A=2=3', 'B', '=x', 'HOME=', 'HOSTNAME=mine', 'container=oci'], Tty: true } })), [
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'TERM=xterm', 'container=oci', 'A=2=3', 'B=', 'HOME=/root', 'HOSTNAME=mine',
  ]);
  t.true(planEnv(makeInput({ skiff: { uts: { kind: 'host' } } })).includes('HOSTNAME=laptop'));
});

test('planArgs() puts init in front and keeps an empty command, which is one', (t) => {
  t.deepEqual(planArgs(makeInput()), ['/bin/app', '--serve']);
  t.deepEqual(planArgs(makeInput({ skiff: { init: true } })), ['/run/podman-init', '--', '/bin/app', '--serve']);
  const input = makeInput();
  t.deepEqual(planArgs({ ...input, record: { ...input.record, Path: '', Args: [] } }), ['']);
});

test('planCwd() cleans paths and refuses those below /proc (CVE-2024-21626)', (t) => {
  t.is(planCwd(''), '/');
  t.is(planCwd('/a/./b//../c/'), '/a/c');
  t.is(planCwd('/../..'), '/');
  t.is(planCwd('/process'), '/process');
  for (const path of ['/proc/self/fd/7', '/proc', '//proc//1/cwd', '/x/../proc/self', 'relative', './x']) t.true(isCode(t.throws(() => planCwd(path)), 'USAGE'), path);
});

test('planRlimits() gives what Podman gives and refuses more than the user has', (t) => {
  t.deepEqual(planRlimits(makeInput()), [{ type: 'RLIMIT_NOFILE', hard: 524_288, soft: 524_288 }, { type: 'RLIMIT_NPROC', hard: 30_000, soft: 30_000 }]);
  const given = planRlimits(makeInput({ skiff: { ulimits: [{ type: 'RLIMIT_NOFILE', soft: 5, hard: 6 }, { type: 'core', soft: 0, hard: 0 }] } }));
  t.deepEqual(given.map(({ type, soft, hard }) => [type, soft, hard]), [['RLIMIT_NOFILE', 5, 6], ['RLIMIT_NPROC', 30_000, 30_000], ['RLIMIT_CORE', 0, 0]]);
  t.deepEqual(planRlimits(makeInput({ skiff: { ulimits: [{ type: 'host', soft: 0, hard: 0 }] } }))[0], { type: 'RLIMIT_NOFILE', hard: 524_288, soft: 1024 });
  for (const ulimit of [{ type: 'nofile', soft: 1, hard: 600_000 }, { type: 'nofile', soft: 7, hard: 6 }, { type: 'frob', soft: 1, hard: 1 }, { type: 'nproc', soft: 1, hard: -1 }]) {
    t.true(isCode(t.throws(() => planRlimits(makeInput({ skiff: { ulimits: [ulimit] } }))), 'USAGE'), JSON.stringify(ulimit));
  }
});

test('planUserns() of keep-id shifts the ids below the user\'s by one', (t) => {
  const { host } = makeInput();
  const { nested, defaultUser } = planUserns({ kind: 'keep-id' }, host);
  t.deepEqual(nested?.uidMappings, [{ containerID: 0, hostID: 1, size: 1000 }, { containerID: 1000, hostID: 0, size: 1 }, { containerID: 1001, hostID: 1001, size: 64_536 }]);
  t.deepEqual(defaultUser, { uid: 1000, gid: 1000 });
  t.is(storageMapping(nested?.uidMappings ?? []), '0:1:1000:1000:0:1:1001:1001:64536');
  t.deepEqual([0, 999, 1000, 1001, 65_536, 65_537].map((id) => mapID(id, nested?.uidMappings ?? [])), [1, 1000, 0, 1001, 65_536, undefined]);
  t.deepEqual(planUserns({ kind: 'keep-id', uid: 0, gid: 5 }, host).nested?.uidMappings, [{ containerID: 0, hostID: 0, size: 1 }, { containerID: 1, hostID: 1, size: 65_536 }]);
});

test('planUserns() of keep-id works with one id, and with an id above all subordinate ones', (t) => {
  const one = { ...makeInput().host, uidMap: [{ inside: 0, outside: 1000, size: 1 }], gidMap: [{ inside: 0, outside: 1000, size: 1 }] };
  t.deepEqual(planUserns({ kind: 'keep-id' }, one).nested?.uidMappings, [{ containerID: 1000, hostID: 0, size: 1 }]);
  t.deepEqual(planUserns({ kind: 'keep-id', uid: 900_000 }, makeInput().host).nested?.uidMappings, [{ containerID: 0, hostID: 1, size: 65_536 }, { containerID: 900_000, hostID: 0, size: 1 }]);
  t.deepEqual(planUserns({ kind: 'default' }, one), {});
});

test('planPaths() unmasks by pattern and hides more', (t) => {
  const { masked, readonly } = planPaths(['/etc/secret'], ['/proc/*', '/sys/firm[a-f]are'], []);
  t.false(masked.includes('/proc/keys'));
  t.true(masked.includes('/sys/firmware') && masked.includes('/etc/secret'));
  t.deepEqual(readonly, []);
  t.deepEqual(planPaths(['/x'], ['all'], ['/sys/kernel']), { masked: ['/x'], readonly: [] });
  t.true(planPaths([], [], ['/sys/kernel']).masked.includes('/sys/kernel'));
  t.true(isCode(t.throws(() => planPaths(['relative'], [], [])), 'USAGE'));
});

test('parseSecurityOptions() reads both spellings and refuses the unknown', (t) => {
  t.deepEqual(parseSecurityOptions(['no-new-privileges:true', 'seccomp:unconfined', 'apparmor=mine', 'label=type:x_t', 'mask=/a:/b', 'unmask=/c', 'proc-opts=hidepid=2,subset=pid', 'systempaths=unconfined']), {
    seccomp: 'unconfined', apparmor: 'mine', labels: ['type:x_t'], noNewPrivileges: true, mask: ['/a', '/b'], unmask: ['/c', 'ALL'], procOptions: ['hidepid=2', 'subset=pid'],
  });
  t.false(parseSecurityOptions(['no-new-privileges=false']).noNewPrivileges);
  for (const text of ['', 'seccomp', 'seccomp=', 'no-new-privileges=perhaps', 'frob=1', 'systempaths=x']) t.true(isCode(t.throws(() => parseSecurityOptions([text])), 'USAGE'), text);
});

test('planSysctls() sets only what the container\'s own namespaces hold', (t) => {
  t.deepEqual(planSysctls(makeInput(), {}), { 'net.ipv4.ping_group_range': '0 0' });
  t.deepEqual(planSysctls(makeInput({ skiff: { network: { kind: 'host' } } }), {}), {});
  t.deepEqual(planSysctls(makeInput({ skiff: { network: { kind: 'container', id: makeInput().record.ID } } }), {}), {});
  t.deepEqual(planSysctls(makeInput({ skiff: { sysctls: { 'net/ipv4/ip_forward': '1', 'fs.mqueue.msg_max': '5' } } }), {}), { 'net.ipv4.ping_group_range': '0 0', 'net.ipv4.ip_forward': '1', 'fs.mqueue.msg_max': '5' });
  for (const changes of [{ sysctls: { 'vm.swappiness': '1' } }, { sysctls: { 'kernel.core_pattern': '|/x' } }, { sysctls: { 'net.x': '1' }, network: { kind: 'host' as const } }, { sysctls: { 'kernel.sem': '1' }, ipc: { kind: 'host' as const } }, { sysctls: { 'net.../../x': '1' } }]) {
    t.true(isCode(t.throws(() => planSysctls(makeInput({ skiff: changes }), {})), 'USAGE'), JSON.stringify(changes));
  }
});

test('planResources() writes limits in the runtime\'s units', (t) => {
  const of = (limits: object): unknown => planResources(makeInput({ skiff: { limits }, input: { defaultPidsLimit: 2048 } }));
  t.deepEqual(of({}), { pids: { limit: 2048 } });
  t.deepEqual(of({ memoryBytes: 100, pids: -1 }), { memory: { limit: 100, swap: 200 } });
  t.deepEqual(of({ memoryBytes: 100, memorySwapBytes: -1, memoryReservationBytes: 50, pids: 0 }), { memory: { limit: 100, swap: -1, reservation: 50 } });
  t.deepEqual(of({ nanoCpus: 1.5e9, cpuShares: 512, cpusetCpus: '0-1', pids: 9 }), { cpu: { shares: 512, quota: 150_000, period: 100_000, cpus: '0-1' }, pids: { limit: 9 } });
  for (const limits of [{ memorySwapBytes: 5 }, { memoryBytes: 10, memorySwapBytes: 5 }, { nanoCpus: 1, cpuQuota: 5 }]) t.true(isCode(t.throws(() => of(limits)), 'USAGE'), JSON.stringify(limits));
});

test('planResources() refuses a limit that can\'t be enforced and drops a default that can\'t', (t) => {
  const { host } = makeInput();
  for (const change of [{ cgroup: 'private' as const }, { cgroupControllers: ['pids'] }, { cgroupManager: 'disabled' as const }]) {
    const input = makeInput({ skiff: { limits: { memoryBytes: 1 } }, input: { host: { ...host, ...change } } });
    t.true(isCode(t.throws(() => planResources(input)), 'CGROUP_UNAVAILABLE'), JSON.stringify(change));
  }
  t.deepEqual(planResources(makeInput({ input: { host: { ...host, cgroup: 'private' }, defaultPidsLimit: 5 } })), {});
});

test('cgroupsPath() follows the manager', (t) => {
  const { host } = makeInput();
  const id = makeRecord().ID;
  t.is(cgroupsPath(makeInput()), `user.slice:skiff:${id}`);
  t.is(cgroupsPath(makeInput({ input: { host: { ...host, cgroupManager: 'cgroupfs' } } })), `/user.slice/skiff-${id}`);
  t.is(cgroupsPath(makeInput({ input: { host: { ...host, cgroupManager: 'disabled' } } })), undefined);
  t.is(cgroupsPath(makeInput({ input: { host: { ...host, cgroup: 'private' } } })), undefined);
});

test('bindOptions() and tmpfsOptions() have safe defaults that the user may change', (t) => {
  t.deepEqual(bindOptions('/x', 'bind', false, []), ['rw', 'rbind', 'rprivate']);
  t.deepEqual(bindOptions('/x', 'bind', true, ['z', 'U', 'bind', 'rslave', 'noexec']), ['ro', 'bind', 'rslave', 'noexec']);
  t.deepEqual(bindOptions('/x', 'volume', false, ['dev', 'ro']), ['ro', 'dev', 'rbind', 'rprivate', 'nosuid']);
  t.deepEqual(tmpfsOptions('/x', false, ['size=10%', 'notmpcopyup', 'noexec']), ['rw', 'size=10%', 'noexec', 'rprivate', 'nosuid', 'nodev']);
  for (const option of ['size=x', 'mode=999', 'uid=root', 'frob', 'mpol=bind']) t.true(isCode(t.throws(() => tmpfsOptions('/x', false, [option])), 'USAGE'), option);
});

test('the facts read the kernel\'s files', (t) => {
  t.deepEqual(parseIDMap('         0       1008          1\n         1     558752      65536\n'), [{ inside: 0, outside: 1008, size: 1 }, { inside: 1, outside: 558_752, size: 65_536 }]);
  const limits = 'Limit                     Soft Limit           Hard Limit           Units     \nMax processes             unlimited            32768                processes \nMax open files            1024                 unlimited            files     \n';
  t.deepEqual(parseLimit(limits, 'Max open files'), { soft: 1024, hard: Infinity });
  t.deepEqual(parseLimit(limits, 'Max processes'), { soft: Infinity, hard: 32_768 });
  t.deepEqual(parseBoundingSet('Name:\tx\nCapEff:\t0000000000000000\nCapBnd:\t0000000000000021\nCapAmb:\t0\n'), ['CAP_CHOWN', 'CAP_KILL']);
});

test('passwdWith() and groupWith() add a line only where the id is missing, and never a second one', (t) => {
  const text = 'root:x:0:0::/root:/bin/sh\nme:x:5:5::/:';
  t.is(passwdWith(text, { name: 'me', uid: 1000, gid: 1000, gecos: 'container user', home: '/home:x\nroot2:x:0', shell: '/bin/sh' }), `${text}\n1000:*:1000:1000:container user:/home_x_root2_x_0:/bin/sh\n`);
  t.is(passwdWith(text, { name: 'you', uid: 5, gid: 5, gecos: '', home: '/', shell: '' }), undefined);
  t.is(passwdWith(undefined, { name: 'you', uid: 9, gid: 5, gecos: '', home: '/', shell: '' }), undefined);
  t.is(groupWith('root:x:0:\n', { name: 'me', gid: 7, members: ['a', 'b,c'] }), 'root:x:0:\nme:x:7:a,b_c\n');
});

test('passwdWith() fills a template with what is known, and leaves other dollars alone', (t) => {
  const line = { name: 'me', uid: 7, gid: 8, gecos: 'a:b', home: '/h', shell: '/bin/sh' };
  t.is(passwdWith('', line, '$USERNAME:x:${UID}:$GID:$NAME $OTHER $:$HOME:/zsh'), 'me:x:7:8:a_b $OTHER $:/h:/zsh\n');
});

test('findUser() takes a user by name or by number', (t) => {
  const text = '# x\nbad:x\nme:x:5:6:Me:/home/me:/bin/zsh\n';
  const me = { name: 'me', uid: 5, gid: 6, gecos: 'Me', home: '/home/me', shell: '/bin/zsh' };
  t.deepEqual(['me', '5', 'you', 'bad', ''].map((wanted) => findUser(text, wanted)), [me, me, undefined, undefined, undefined]);
});

test('planRlimits() takes the defaults of containers.conf where no limit is asked for, as far as the user may have them', (t) => {
  const defaultRlimits = [{ type: 'RLIMIT_NOFILE', soft: 100, hard: 900_000 }, { type: 'RLIMIT_CORE', soft: 0, hard: 0 }];
  t.deepEqual(planRlimits(makeInput({ input: { defaultRlimits } })), [
    { type: 'RLIMIT_NOFILE', soft: 100, hard: 524_288 }, { type: 'RLIMIT_NPROC', soft: 30_000, hard: 30_000 }, { type: 'RLIMIT_CORE', soft: 0, hard: 0 },
  ]);
  const asked = planRlimits(makeInput({ input: { defaultRlimits }, skiff: { ulimits: [{ type: 'stack', soft: 1, hard: 2 }] } }));
  t.deepEqual(asked.map(({ type, soft, hard }) => [type, soft, hard]), [['RLIMIT_NOFILE', 524_288, 524_288], ['RLIMIT_NPROC', 30_000, 30_000], ['RLIMIT_STACK', 1, 2]]);
});

test('planSysctls() has those of containers.conf in the stead of ours, and leaves out what the namespaces can not take', (t) => {
  const defaultSysctls = { 'net.ipv4.ip_forward': '1', 'kernel.sem': '1 2 3 4' };
  t.deepEqual(planSysctls(makeInput({ input: { defaultSysctls }, skiff: { ipc: { kind: 'host' } } }), {}), { 'net.ipv4.ip_forward': '1' });
  t.deepEqual(planSysctls(makeInput({ input: { defaultSysctls: {} } }), {}), {});
});

test('containerenvText() tells about the host to privileged containers only', (t) => {
  t.is(containerenvText(makeRecord(), '1.0'), '');
  t.regex(containerenvText(makeRecord({}, { privileged: true }), '1.0'), /^engine="skiff-1\.0"\nname="box"\nid="c0ffee[^"]+"\nimage="app"\nimageid="sha256:1+"\nrootless=1\n$/);
});
