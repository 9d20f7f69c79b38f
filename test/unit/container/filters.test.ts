import test from 'ava';
import { parseFilters, statusWord, wantsAll } from '../../../src/container/filters.ts';
import type { ContainerState } from '../../../src/container/model.ts';
import type { Summary } from '../../../src/container/summary.ts';

const running: ContainerState = { status: 'running', pid: 1, startedAt: '' };
const exited = (exitCode: number): ContainerState => ({ status: 'exited', exitCode, startedAt: '', finishedAt: '', oomKilled: false, droppedLogBytes: 0 });

function summary(name: string, state: ContainerState, more: { labels?: Record<string, string>; created?: string; image?: string } = {}): Summary {
  return {
    state,
    record: {
      ID: `${name.charCodeAt(0).toString(16)}${'0'.repeat(62)}`, Name: `/${name}`, Created: more.created ?? '2026-01-01T00:00:00Z', Path: 'sleep', Config: { Labels: more.labels ?? {} },
      Skiff: {
        mounts: [{ kind: 'volume', name: 'vol', destination: '/data' }, { kind: 'bind', source: '/src', destination: '/mnt' }], network: { kind: 'pasta' }, imageID: 'sha256:1', imageName: more.image ?? 'localhost/i:latest',
        ports: [{ containerPort: 80, hostPort: 8080, protocol: 'tcp', range: 2, hostIP: '' }], restart: { policy: 'no' },
      },
    } as unknown as Summary['record'],
  };
}

const lookups = { nowMs: Date.parse('2026-01-02T00:00:00Z'), createdOf: () => '2026-01-01T12:00:00Z', imageIDs: (name: string) => (name === 'i' ? ['sha256:1'] : []) };
const web = summary('web', running, { labels: { tier: 'front', x: '' } });
const job = summary('job', exited(3), { created: '2026-01-01T20:00:00Z' });
const match = (...filters: string[]) => [web, job].filter(parseFilters(filters, lookups)).map(({ record }) => record.Name);

test('parseFilters() matches names and commands by expression, ids by their start', (t) => {
  t.deepEqual(match('name=we'), ['/web']);
  t.deepEqual(match('name=^w.b$'), ['/web']);
  t.deepEqual(match('name=['), []);
  t.deepEqual(match(`id=${web.record.ID.slice(0, 2)}`), ['/web']);
  t.deepEqual(match('command=sle'), ['/web', '/job']);
});

test('parseFilters() takes values of one key as alternatives and different keys together', (t) => {
  t.deepEqual(match('name=web', 'name=job'), ['/web', '/job']);
  t.deepEqual(match('name=web', 'status=exited'), []);
});

test('parseFilters() wants all labels to hold', (t) => {
  t.deepEqual(match('label=tier=front', 'label=x'), ['/web']);
  t.deepEqual(match('label=tier=front', 'label=y'), []);
  t.deepEqual(match('label!=tier'), ['/job']);
});

test('parseFilters() knows states and exit codes', (t) => {
  t.deepEqual(match('status=running'), ['/web']);
  t.deepEqual(match('status=stopped'), ['/job']);
  t.deepEqual(match('exited=3'), ['/job']);
  t.deepEqual(match('exited=4'), []);
  t.throws(() => match('status=nonsense'), { message: /not a valid status/ });
  t.throws(() => match('exited=x'), { message: /no exit code/ });
});

test('parseFilters() compares times of creation', (t) => {
  t.deepEqual(match('before=other'), ['/web']);
  t.deepEqual(match('since=other'), ['/job']);
  t.deepEqual(match('until=6h'), ['/web']);
});

test('parseFilters() matches images by id or by the name that the container shows', (t) => {
  t.deepEqual(match('ancestor=i'), ['/web', '/job']);
  t.deepEqual(match('ancestor=localhost/i:latest'), ['/web', '/job']);
  t.deepEqual(match('ancestor=else'), []);
});

test('parseFilters() matches volumes by name, source or place, and ports', (t) => {
  for (const volume of ['vol', '/src', '/data', 'vol:/data']) t.is(match(`volume=${volume}`).length, 2, volume);
  t.deepEqual(match('volume=vol:/else'), []);
  t.is(match('publish=8081').length, 2);
  t.is(match('publish=8082').length, 0);
  t.is(match('expose=80-90/tcp').length, 2);
});

test('parseFilters() refuses what it does not know', (t) => {
  t.throws(() => match('foo=bar'), { message: /foo/ });
  t.throws(() => match('foo'), { message: /invalid filter/ });
});

test('wantsAll() is true for filters that stopped containers can match', (t) => {
  t.true(wantsAll(['status=exited']));
  t.false(wantsAll(['name=x']));
});

test('statusWord() shows a container that is being started as created', (t) => {
  t.is(statusWord({ status: 'starting' }), 'created');
  t.is(statusWord(exited(0)), 'exited');
});
