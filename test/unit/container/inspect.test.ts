import test from 'ava';
import { capabilitiesOf, capabilityChanges, environmentOf } from '../../../src/container/inspect/derived.ts';
import { bindText, mountView, tmpfsText } from '../../../src/container/inspect/mounts.ts';
import { portsView } from '../../../src/container/inspect/view.ts';
import { dockerHostConfig } from '../../../src/container/host-config.ts';
import { portMappings } from '../../../src/container/port.ts';
import { runConfig } from '../../../src/container/commit.ts';
import type { ContainerRecord } from '../../../src/container/model.ts';

function record(config: Partial<ContainerRecord['Config']>, own: Partial<ContainerRecord['Skiff']> = {}): ContainerRecord {
  return {
    Config: { Hostname: 'h', User: '', Tty: false, Env: ['A=1'], Cmd: ['c'], Entrypoint: null, Labels: {}, Volumes: null, WorkingDir: '', ...config },
    Skiff: { ports: [], mounts: [], capAdd: [], capDrop: [], privileged: false, securityOpt: [], uts: { kind: 'private' }, limits: {}, network: { kind: 'none' }, dns: [], dnsOptions: [], dnsSearch: [], addHosts: [], groupAdd: [], ...own },
  } as unknown as ContainerRecord;
}
const ports: ContainerRecord['Skiff']['ports'] = [{ containerPort: 80, hostPort: 8080, hostIP: '', protocol: 'tcp', range: 2 }, { containerPort: 53, hostPort: 53, hostIP: '::1', protocol: 'udp', range: 1 }];

test('portsView() shows exposed ports that are not published as null', (t) => {
  t.deepEqual(portsView(record({ ExposedPorts: { '90/tcp': {} } }, { ports })), {
    '90/tcp': null, '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }], '81/tcp': [{ HostIp: '0.0.0.0', HostPort: '8081' }], '53/udp': [{ HostIp: '::1', HostPort: '53' }],
  });
});

test('portMappings() lists each port of a range', (t) => {
  t.deepEqual(portMappings(record({}, { ports })), [
    { inside: '80/tcp', outside: '0.0.0.0:8080' }, { inside: '81/tcp', outside: '0.0.0.0:8081' }, { inside: '53/udp', outside: '[::1]:53' },
  ]);
});

test('environmentOf() shows what a container gets besides its own, once each', (t) => {
  const env = environmentOf(record({ Tty: true }));
  t.true(env.includes('A=1') && env.includes('TERM=xterm') && env.includes('container=podman') && env.includes('HOSTNAME=h'));
  t.false(env.some((line) => line.startsWith('HOME=')));
});

test('capabilitiesOf() gives effective ones to root only', (t) => {
  t.true(capabilitiesOf(record({})).effective.includes('CAP_CHOWN'));
  t.deepEqual(capabilitiesOf(record({ User: 'app' })).effective, []);
  t.true(capabilitiesOf(record({ User: 'app' })).bounding.includes('CAP_CHOWN'));
});

test('capabilityChanges() tells the difference to what the OCI tools give unasked', (t) => {
  t.deepEqual(capabilityChanges(record({})), { added: [], dropped: ['CAP_AUDIT_WRITE', 'CAP_MKNOD', 'CAP_NET_RAW'] });
  t.deepEqual(capabilityChanges(record({}, { capAdd: ['NET_RAW', 'SYS_ADMIN'], capDrop: ['KILL'] })), { added: ['CAP_SYS_ADMIN'], dropped: ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_MKNOD'] });
  t.deepEqual(capabilityChanges(record({}, { privileged: true })), { added: [], dropped: [] });
});

const bind = { kind: 'bind', source: '/s', destination: '/d', readOnly: false, options: [] } as const;
const volume = { kind: 'volume', name: 'v', source: '/s', destination: '/d', readOnly: false, anonymous: false, options: [] } as const;

test('mountView() and bindText() tell the options that a mount gets unasked', (t) => {
  t.deepEqual(mountView(bind), { Type: 'bind', Source: '/s', Destination: '/d', Driver: '', Mode: '', Options: ['rbind'], RW: true, Propagation: 'rprivate' });
  t.deepEqual(bindText(bind), ['/s:/d:rw,rprivate,rbind']);
  t.deepEqual(bindText({ ...bind, readOnly: true, options: ['noexec', 'nosuid'] }), ['/s:/d:ro,noexec,nosuid,rprivate,rbind']);
  t.like(mountView({ ...bind, options: ['z', 'rshared'] }), { Mode: 'z', Propagation: 'rshared', Options: ['rbind'] });
  t.like(mountView(volume), { Name: 'v', Driver: 'local', Options: ['nosuid', 'nodev', 'rbind'] });
  t.deepEqual(bindText(volume), ['v:/d:rw,rprivate,nosuid,nodev,rbind']);
  t.is(tmpfsText({ kind: 'tmpfs', destination: '/t', readOnly: false, options: ['size=1m'] }), 'rw,size=1m,rprivate,nosuid,nodev,tmpcopyup');
});

test('runConfig() carries no host name, terminal or mount into an image', (t) => {
  t.deepEqual(runConfig(record({ User: 'u', Tty: true, WorkingDir: '/w', Labels: { l: 'v' }, Volumes: { '/v': {} } }), false), {
    User: 'u', Env: ['A=1'], Cmd: ['c'], Volumes: { '/v': {} }, WorkingDir: '/w', Labels: { l: 'v' },
  });
});

test('runConfig() takes the volumes in where asked', (t) => {
  const mounts = [{ kind: 'volume', name: 'n', source: '', destination: '/data', readOnly: false, anonymous: false, options: [] }, { kind: 'bind', source: '/s', destination: '/b', readOnly: false, options: [] }] as const;
  t.deepEqual(runConfig(record({}, { mounts: [...mounts] }), true).Volumes, { '/data': {} });
});

test('dockerHostConfig() never asks Docker to start or to remove one of our containers', (t) => {
  const config = dockerHostConfig(record({}, { ports, autoRemove: true, logDriver: 'k8s-file', restart: { policy: 'always', maxRetries: 0 }, network: { kind: 'pasta', options: [] } }));
  t.deepEqual(config['RestartPolicy'], { Name: 'no', MaximumRetryCount: 0 });
  t.is(config['AutoRemove'], false);
  t.is(config['NetworkMode'], 'none');
});
