import test from 'ava';
import { planContainer, type PlanInput } from '../../../src/container/plan.ts';
import type { RunConfig } from '../../../src/oci/image-config.ts';
import { chainIDs, parseContainerID, parseDiffID, parseImageID } from '../../../src/oci/ids.ts';
import { emptyRequest } from '../../helpers/create-request.ts';

const id = parseContainerID('ab'.repeat(32));
const other = parseContainerID('cd'.repeat(32));
const layer = parseDiffID(`sha256:${'1'.repeat(64)}`);

function plan(wishes: Parameters<typeof emptyRequest>[0], config: RunConfig = {}, more: Partial<PlanInput> = {}): ReturnType<typeof planContainer> {
  let volumes = 0;
  return planContainer({
    request: emptyRequest({ command: ['true'], ...wishes }),
    image: { id: parseImageID(`sha256:${'2'.repeat(64)}`), name: 'localhost/i:latest', config: { architecture: 'amd64', os: 'linux', config, rootfs: { type: 'layers', diff_ids: [layer] }, history: [] } },
    id, name: 'name', created: '2026-01-01T00:00:00.000000000Z', folder: '/c', volumesDir: '/volumes', newVolumeName: () => `fresh${volumes++}`,
    containerID: () => other, mountsOf: () => [], hostName: () => 'laptop', defaultStopTimeoutSeconds: 10, ...more,
  });
}

test('planContainer() stands on the topmost layer of the image', (t) => {
  t.is(plan({}).Skiff.topLayer, chainIDs([layer]).at(-1) ?? '');
});

test('planContainer() makes an anonymous volume of each VOLUME that no mount covers', (t) => {
  const { mounts } = plan({ mounts: [{ kind: 'bind', source: '/host', destination: '/b/', readOnly: false, options: [] }] }, { Volumes: { '/a': {}, '/b': {} } }).Skiff;
  t.deepEqual(mounts, [
    { kind: 'bind', source: '/host', destination: '/b', readOnly: false, options: [] },
    { kind: 'volume', name: 'fresh0', source: '/volumes/fresh0/_data', destination: '/a', readOnly: false, anonymous: true, options: [] },
  ]);
});

test('planContainer() heeds what becomes of the volumes of an image', (t) => {
  t.deepEqual(plan({ imageVolumes: 'ignore' }, { Volumes: { '/a': {} } }).Skiff.mounts, []);
  t.is(plan({ imageVolumes: 'tmpfs' }, { Volumes: { '/a': {} } }).Skiff.mounts[0]?.kind, 'tmpfs');
});

test('planContainer() sorts mounts so that parents come before children', (t) => {
  const mounts = ['/a/b/c', '/a', '/a/b'].map((destination) => ({ kind: 'tmpfs' as const, destination, readOnly: false, options: [] }));
  t.deepEqual(plan({ mounts }).Skiff.mounts.map((mount) => mount.destination), ['/a', '/a/b', '/a/b/c']);
});

test('planContainer() names a container in the network or UTS namespace of the host like the host', (t) => {
  t.is(plan({}).Config.Hostname, 'abababababab');
  t.is(plan({ network: { kind: 'host' } }).Config.Hostname, 'laptop');
  t.is(plan({ uts: { kind: 'host' } }).Config.Hostname, 'laptop');
  t.is(plan({ network: { kind: 'host' }, hostname: 'mine' }).Config.Hostname, 'mine');
});

test('planContainer() refuses two mounts in one place, the root and relative places', (t) => {
  const tmpfs = (destination: string) => ({ kind: 'tmpfs' as const, destination, readOnly: false, options: [] });
  t.throws(() => plan({ mounts: [tmpfs('/a'), { ...tmpfs('/a/'), readOnly: true }] }), { message: '/a: duplicate mount destination' });
  t.is(plan({ mounts: [tmpfs('/a'), tmpfs('/a/')] }).Skiff.mounts.length, 1);
  t.throws(() => plan({ mounts: [tmpfs('/')] }), { message: /root directory/ });
  t.throws(() => plan({ mounts: [tmpfs('/x/..')] }), { message: /root directory/ });
  t.throws(() => plan({ mounts: [tmpfs('a')] }), { message: /absolute/ });
});

test('planContainer() takes the mounts of other containers, read-only where asked', (t) => {
  const mountsOf = () => [{ kind: 'volume' as const, name: 'v', source: '/volumes/v/_data', destination: '/v', readOnly: false, anonymous: true, options: [] }];
  const { mounts } = plan({ volumesFrom: [{ container: 'c', readOnly: true }] }, {}, { mountsOf }).Skiff;
  t.deepEqual(mounts.map(({ destination, readOnly }) => [destination, readOnly]), [['/v', true]]);
});

test('planContainer() names other containers by their id', (t) => {
  const own = plan({ network: { kind: 'container', container: 'web' }, pid: { kind: 'container', container: 'web' } }).Skiff;
  t.deepEqual(own.network, { kind: 'container', id: other });
  t.deepEqual(own.pid, { kind: 'container', id: other });
});

test('planContainer() publishes all exposed ports that are not published yet', (t) => {
  const ports = plan({ publishAll: true, ports: [{ containerPort: 80, hostPort: 8080, hostIP: '', protocol: 'tcp', range: 1 }] }, { ExposedPorts: { '80/tcp': {}, '90-91/udp': {} } }).Skiff.ports;
  t.deepEqual(ports.map(({ containerPort, hostPort, protocol }) => [containerPort, hostPort, protocol]), [[80, 8080, 'tcp'], [90, 0, 'udp'], [91, 0, 'udp']]);
});

test('planContainer() keeps labels of the image out of everything but the labels', (t) => {
  const labels = { 'io.podman.annotations.privileged': 'TRUE', 'run.oci.handler': 'krun', 'io.kubernetes.cri-o.userns-mode': 'host' };
  const strip = (record: ReturnType<typeof plan>) => JSON.stringify({ ...record, Config: { ...record.Config, Labels: {} } });
  t.is(strip(plan({}, { Labels: labels })), strip(plan({}, {})));
});

test('planContainer() puts the log where the driver writes it', (t) => {
  t.is(plan({}).LogPath, `/c/${id}-json.log`);
  t.is(plan({ logDriver: 'k8s-file' }).LogPath, '/c/ctr.log');
  t.is(plan({ logDriver: 'k8s-file', logOptions: { path: '/elsewhere' } }).LogPath, '/elsewhere');
  t.is(plan({ logDriver: 'none' }).LogPath, '');
});

test('planContainer() takes the stop timeout of the user, the image or the default, in this order', (t) => {
  t.is(plan({ stopTimeoutSeconds: 1 }, { StopTimeout: 2 }).Skiff.stopTimeoutSeconds, 1);
  t.is(plan({}, { StopTimeout: 2 }).Skiff.stopTimeoutSeconds, 2);
  t.is(plan({}).Skiff.stopTimeoutSeconds, 10);
});

test('planContainer() lets mounts of containers.conf give way to any other at their place', (t) => {
  const bind = (source: string, destination: string) => ({ kind: 'bind' as const, source, destination, readOnly: false, options: [] });
  const { mounts } = plan({ defaultMounts: [bind('/conf', '/a'), bind('/conf', '/b')], mounts: [bind('/user', '/a')] }, { Volumes: { '/b': {} } }).Skiff;
  t.deepEqual(mounts, [bind('/user', '/a'), bind('/conf', '/b')]);
});
