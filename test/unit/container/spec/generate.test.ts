import test from 'ava';
import { isCode } from '../../../../src/lib/errors.ts';
import type { RuntimeSpec } from '../../../../src/oci/runtime-spec.ts';
import { generateSpec } from '../../../../src/container/spec/generate.ts';
import { serializeSpec } from '../../../../src/container/spec/serialize.ts';
import { makeInput, type Changes } from '../../../helpers/spec-input.ts';

const mixes: Readonly<Record<string, Changes>> = {
  'nothing asked': {},
  'a terminal and a user': { config: { Tty: true, User: 'app' }, input: { consoleSize: { rows: 24, columns: 80 }, user: { uid: 33, gid: 33, additionalGids: [33, 26], home: '/var/www', username: 'app' } } },
  privileged: { skiff: { privileged: true } },
  'privileged on the host': {
    skiff: { privileged: true, network: { kind: 'host' }, pid: { kind: 'host' }, ipc: { kind: 'host' }, uts: { kind: 'host' }, cgroupns: { kind: 'host' } },
  },
  'host network': { skiff: { network: { kind: 'host' } } },
  pasta: { skiff: { network: { kind: 'pasta', options: [] } } },
  'keep-id and pasta': { skiff: { userns: { kind: 'keep-id' }, network: { kind: 'pasta', options: [] } }, input: { deferredNetwork: true, user: { uid: 1000, gid: 1000, additionalGids: [1000], home: '/home' } } },
  'read-only with tmpfs and volumes': {
    skiff: {
      readOnly: true, init: true,
      mounts: [
        { kind: 'volume', name: 'data', source: '/volumes/data', destination: '/var/lib/app/data', readOnly: false, anonymous: false, options: [] },
        { kind: 'bind', source: '/home/me', destination: '/var/lib/app', readOnly: true, options: ['rshared', 'z'] },
        { kind: 'tmpfs', destination: '/scratch', readOnly: false, options: ['size=1m', 'mode=700'] },
      ],
    },
  },
  'namespaces of another container': {
    skiff: { network: { kind: 'container', id: makeInput().record.ID }, pid: { kind: 'container', id: makeInput().record.ID }, ipc: { kind: 'container', id: makeInput().record.ID }, uts: { kind: 'container', id: makeInput().record.ID } },
  },
  'limits, sysctls, devices': {
    skiff: {
      limits: { memoryBytes: 64 << 20, nanoCpus: 1.5e9, pids: 50 }, sysctls: { 'net.core.somaxconn': '1024', 'kernel.shmmax': '1000' },
      devices: [{ source: '/dev/fuse', destination: '/dev/fuse', permissions: 'rwm' }, { source: '/dev/kvm', destination: '/dev/kvm', permissions: 'r' }], ulimits: [{ type: 'nofile', soft: 100, hard: 200 }],
      capAdd: ['NET_RAW'], capDrop: ['chown'], groupAdd: ['keep-groups'], annotations: { 'my.note': 'x' }, shmSizeBytes: 1 << 20,
      securityOpt: ['no-new-privileges', 'mask=/etc/motd', 'unmask=/proc/kc*', 'proc-opts=hidepid=2'],
    },
    input: { defaultPidsLimit: 2048 },
  },
  'no cgroup v2': { input: { host: { ...makeInput().host, cgroup: 'none', cgroupControllers: [] }, defaultPidsLimit: 2048 } },
};

function mountAt(spec: RuntimeSpec, destination: string): RuntimeSpec['mounts'][number] | undefined {
  return spec.mounts.find((mount) => mount.destination === destination);
}

for (const [name, changes] of Object.entries(mixes)) {
  test(`generateSpec(): ${name}`, (t) => {
    t.snapshot(generateSpec(makeInput(changes)));
  });
}

test('generateSpec() mounts a fresh /dev, /dev/pts and, but for the host\'s pid namespace, /proc, whatever is asked', (t) => {
  for (const [name, changes] of Object.entries(mixes)) {
    const spec = generateSpec(makeInput(changes));
    t.is(mountAt(spec, '/dev')?.type, 'tmpfs', name);
    t.is(mountAt(spec, '/dev/pts')?.type, 'devpts', name);
    t.true(mountAt(spec, '/dev/pts')?.options.includes('newinstance'), name);
    t.is(mountAt(spec, '/proc')?.type, changes.skiff?.pid?.kind === 'host' ? 'bind' : 'proc', name);
    const order = spec.mounts.map(({ destination }) => destination);
    t.true(order.indexOf('/dev') < order.indexOf('/dev/pts'), name);
  }
});

test('generateSpec() leaves inheritable and ambient capabilities empty, whatever is asked', (t) => {
  for (const [name, changes] of Object.entries(mixes)) {
    const { capabilities } = generateSpec(makeInput(changes)).process;
    t.deepEqual([capabilities.inheritable, capabilities.ambient], [[], []], name);
  }
});

test('generateSpec() hides and protects kernel interfaces unless the container is privileged', (t) => {
  for (const [name, changes] of Object.entries(mixes)) {
    const { maskedPaths = [], readonlyPaths = [] } = generateSpec(makeInput(changes)).linux;
    if (changes.skiff?.privileged === true) t.deepEqual([maskedPaths, readonlyPaths], [[], []], name);
    else {
      for (const path of ['/proc/keys', '/proc/timer_list', '/sys/firmware', '/proc/scsi']) t.true(maskedPaths.includes(path), `${name} ${path}`);
      for (const path of ['/proc/sys', '/proc/sysrq-trigger', '/proc/bus']) t.true(readonlyPaths.includes(path), `${name} ${path}`);
    }
  }
});

test('generateSpec() gives a cgroup namespace and a fresh cgroup2 over a bound /sys', (t) => {
  const spec = generateSpec(makeInput({ skiff: { network: { kind: 'host' } } }));
  t.true(spec.linux.namespaces.some(({ type }) => type === 'cgroup'));
  t.is(mountAt(spec, '/sys')?.type, 'bind');
  t.is(mountAt(spec, '/sys/fs/cgroup')?.type, 'cgroup');
  t.true(mountAt(spec, '/sys/fs/cgroup')?.options.includes('ro'));
});

test('generateSpec() is the same whatever labels the image has', (t) => {
  const labels = Object.fromEntries(['io.podman.annotations.privileged', 'run.oci.handler', 'org.criu.checkpoint', 'io.kubernetes.cri-o.TTY', 'org.opencontainers.image.stopSignal', 'skiff'].map((key) => [key, 'TRUE']));
  t.deepEqual(generateSpec(makeInput({ config: { Labels: labels } })), generateSpec(makeInput()));
  t.is(generateSpec(makeInput({ config: { Labels: labels } })).annotations, undefined);
});

test('generateSpec() orders mounts so that none hides another', (t) => {
  const spec = generateSpec(makeInput(mixes['read-only with tmpfs and volumes']));
  const order = spec.mounts.map(({ destination }) => destination);
  t.true(order.indexOf('/var/lib/app') < order.indexOf('/var/lib/app/data'));
  t.true(order.indexOf('/run') < order.indexOf('/run/.containerenv'));
  t.is(new Set(order).size, order.length);
});

test('generateSpec() lets a user\'s mount replace a default one, but not what must stay fresh', (t) => {
  const bind = (source: string, destination: string): Changes => ({ skiff: { mounts: [{ kind: 'bind', source, destination, readOnly: false, options: [] }] } });
  t.is(mountAt(generateSpec(makeInput(bind('/home/me/hosts', '/etc/hosts'))), '/etc/hosts')?.source, '/home/me/hosts');
  t.is(mountAt(generateSpec(makeInput(bind('/dev', '/dev'))), '/dev')?.source, '/dev');
  t.is(mountAt(generateSpec(makeInput(bind('/x', '/proc/cpuinfo'))), '/proc/cpuinfo')?.source, '/x');
  for (const destination of ['/proc', '/proc/sys', '/proc/self/attr', '/dev', '/dev/pts', '/dev/../proc', '//proc//', '/', '/dev/console']) {
    t.true(isCode(t.throws(() => generateSpec(makeInput(bind('/home/me/evil', destination)))), 'USAGE'), destination);
  }
});

test('generateSpec() refuses ids, namespaces and mounts that can\'t be', (t) => {
  const refused = (code: 'USAGE' | 'UNSUPPORTED', changes: Changes): void => {
    t.true(isCode(t.throws(() => generateSpec(makeInput(changes))), code), JSON.stringify(changes));
  };
  refused('USAGE', { input: { user: { uid: 70_000, gid: 0, additionalGids: [], home: '/' } } });
  refused('USAGE', { input: { user: { uid: 0, gid: 0, additionalGids: [2 ** 31], home: '/' } } });
  refused('USAGE', { skiff: { mounts: [{ kind: 'bind', source: 'relative', destination: '/x', readOnly: false, options: [] }] } });
  refused('UNSUPPORTED', { skiff: { mounts: [{ kind: 'bind', source: '/x', destination: '/x', readOnly: false, options: ['idmap'] }] } });
  refused('UNSUPPORTED', { skiff: { mounts: [{ kind: 'bind', source: '/x', destination: '/x', readOnly: false, options: ['O'] }] } });
  refused('USAGE', { skiff: { mounts: [{ kind: 'bind', source: '/x', destination: '/x', readOnly: false, options: ['shared', 'private'] }] } });
  refused('USAGE', { skiff: { mounts: [{ kind: 'tmpfs', destination: '/x', readOnly: false, options: ['size=1m,context=evil'] }] } });
  refused('USAGE', { skiff: { securityOpt: ['privileged'] } });
});

test('generateSpec() keeps the invoking user\'s groups by leaving the list out', (t) => {
  const spec = generateSpec(makeInput({ skiff: { groupAdd: ['keep-groups'] } }));
  t.is(spec.process.user.additionalGids, undefined);
  t.deepEqual(spec.annotations, { 'run.oci.keep_original_groups': '1' });
});

test('serializeSpec() refuses a NUL byte and takes the text \\u0000', (t) => {
  const withEnv = (value: string): string => serializeSpec(generateSpec(makeInput({ config: { Env: [`A=${value}`] } })), undefined);
  t.true(isCode(t.throws(() => withEnv('x\0y')), 'USAGE'));
  t.true(isCode(t.throws(() => withEnv('x\\\0y')), 'USAGE'));
  t.notThrows(() => withEnv(String.raw`x\u0000y`));
});

test('serializeSpec() writes unlimited as the runtime\'s 2^64-1', (t) => {
  const text = serializeSpec(generateSpec(makeInput({ skiff: { ulimits: [{ type: 'core', soft: -1, hard: -1 }] } })), undefined);
  t.true(text.includes('{"type":"RLIMIT_CORE","hard":18446744073709551615,"soft":18446744073709551615}'), text);
});

test('serializeSpec() puts the profile into linux and changes nothing else', (t) => {
  const spec = generateSpec(makeInput());
  const profile = { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names: ['a"}}'], action: 'SCMP_ACT_ALLOW' }] };
  t.deepEqual(JSON.parse(serializeSpec(spec, JSON.stringify(profile))), JSON.parse(JSON.stringify({ ...spec, linux: { ...spec.linux, seccomp: profile } })));
  t.deepEqual(JSON.parse(serializeSpec(spec, undefined)), JSON.parse(JSON.stringify(spec)));
});
