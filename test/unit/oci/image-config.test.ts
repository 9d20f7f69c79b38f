import test from 'ava';
import { isCode } from '../../../src/lib/errors.ts';
import { parseImageConfig } from '../../../src/oci/image-config.ts';
import { serializeImageConfig } from '../../../src/oci/write-image-config.ts';

const diffID = `sha256:${'2'.repeat(64)}`;
const minimal = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [diffID] } };
const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

test('parseImageConfig() reads every field that a container starts from', (t) => {
  const config = {
    User: '1000:1000', ExposedPorts: { '80/tcp': {} }, Env: ['PATH=/bin'], Entrypoint: ['/e'], Cmd: ['c'], Volumes: { '/v': {} }, WorkingDir: '/w',
    Labels: { l: 'v' }, StopSignal: 'SIGINT', StopTimeout: 3, Healthcheck: { Test: ['CMD', 'true'], Interval: 1e9, Retries: 2 }, OnBuild: ['RUN x'], Shell: ['/bin/sh'],
  };
  const history = [{ created: '2026-01-01T00:00:00Z', created_by: 'x', empty_layer: true }];
  t.deepEqual(parseImageConfig(bytes({ ...minimal, created: '2026-01-01T00:00:00Z', author: 'me', config, history })), {
    ...minimal, created: '2026-01-01T00:00:00Z', author: 'me', config, history,
  } as never);
});

test('parseImageConfig() takes what Docker writes for nothing: nulls, empty strings, absent config', (t) => {
  const nulls = { User: '', Env: null, Cmd: null, Entrypoint: null, Volumes: null, Labels: null, OnBuild: null, ExposedPorts: null, WorkingDir: '', Healthcheck: null };
  t.deepEqual(parseImageConfig(bytes({ ...minimal, config: nulls, history: null, author: '' })).config, {});
  t.deepEqual(parseImageConfig(bytes(minimal)).config, {});
  t.deepEqual(parseImageConfig(bytes({ ...minimal, rootfs: { type: 'layers', diff_ids: null } })).rootfs.diff_ids, [], 'an image from scratch');
});

test('parseImageConfig() reads a plain string Cmd as one word', (t) => {
  t.deepEqual(parseImageConfig(bytes({ ...minimal, config: { Cmd: '/bin/sh' } })).config.Cmd, ['/bin/sh']);
});

test('parseImageConfig() ignores fields it does not know', (t) => {
  t.notThrows(() => parseImageConfig(bytes({ ...minimal, container_config: { Cmd: 7 }, moby: [{}], config: { Hostname: 'x', ArgsEscaped: true } })));
});

for (const [fact, document] of [
  ['no rootfs', { architecture: 'amd64', os: 'linux' }],
  ['another rootfs type', { ...minimal, rootfs: { type: 'windows', diff_ids: [] } }],
  ['diff_ids that are no array', { ...minimal, rootfs: { type: 'layers', diff_ids: 'x' } }],
  ['too many diff_ids', { ...minimal, rootfs: { type: 'layers', diff_ids: Array.from({ length: 1025 }, () => diffID) } }],
  ['a numeric Env entry', { ...minimal, config: { Env: [1] } }],
  ['a numeric label', { ...minimal, config: { Labels: { a: 1 } } }],
  ['labels as array', { ...minimal, config: { Labels: ['a'] } }],
  ['a numeric User', { ...minimal, config: { User: 0 } }],
  ['a fractional StopTimeout', { ...minimal, config: { StopTimeout: 0.5 } }],
  ['history that holds a string', { ...minimal, history: ['x'] }],
  ['two spellings of rootfs', { ...minimal, RootFS: minimal.rootfs }],
  ['a string', 'x'],
] as const) {
  test(`parseImageConfig() refuses ${fact}`, (t) => {
    t.true(isCode(t.throws(() => parseImageConfig(bytes(document))), 'CONFIG_INVALID'));
  });
}

test('class L: parseImageConfig() refuses diff_ids that are no digests', (t) => {
  for (const bad of ['sha256:../../../x', '../x', `sha256:${'F'.repeat(64)}`, `sha512:${'1'.repeat(128)}`, 1]) {
    t.true(isCode(t.throws(() => parseImageConfig(bytes({ ...minimal, rootfs: { type: 'layers', diff_ids: [bad] } }))), 'DIGEST_INVALID'));
  }
});

test('keys like __proto__ in labels are plain data', (t) => {
  const parsed = parseImageConfig(Buffer.from(`{"rootfs":{"type":"layers"},"config":{"Labels":{"__proto__":"x","constructor":"y"}}}`));
  t.deepEqual(Object.entries(parsed.config.Labels ?? {}), [['__proto__', 'x'], ['constructor', 'y']]);
  t.is(({} as Record<string, unknown>)['x'], undefined);
});

test('serializeImageConfig() writes what parseImageConfig() reads, without empty fields, maps sorted', (t) => {
  const image = parseImageConfig(bytes({ ...minimal, config: { Labels: { b: '2', a: '1' }, Env: [], Cmd: ['x'] }, history: [{ created_by: 'y', empty_layer: false }] }));
  const raw = serializeImageConfig(image).toString();
  t.is(raw, `{"architecture":"amd64","os":"linux","config":{"Cmd":["x"],"Labels":{"a":"1","b":"2"}},"rootfs":{"type":"layers","diff_ids":["${diffID}"]},"history":[{"created_by":"y"}]}`);
});
