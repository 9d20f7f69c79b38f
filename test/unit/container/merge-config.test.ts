import test from 'ava';
import { mergeConfig, processArgs } from '../../../src/container/merge-config.ts';
import type { RunConfig } from '../../../src/oci/image-config.ts';
import { emptyRequest } from '../../helpers/create-request.ts';

const image: RunConfig = { Entrypoint: ['/entry'], Cmd: ['default'], Env: ['PATH=/bin', 'A=image'], WorkingDir: '/work', User: 'app', Labels: { one: 'image', two: 'image' }, StopSignal: 'SIGQUIT', Volumes: { '/v': {} }, ExposedPorts: { '80/tcp': {} } };
const merge = (request: Parameters<typeof emptyRequest>[0], of: RunConfig = image) => mergeConfig({ request: emptyRequest(request), image: of, imageName: 'i', defaultHostname: 'abc' });

test('mergeConfig() takes entrypoint and command from the image', (t) => {
  t.deepEqual(processArgs(merge({})), ['/entry', 'default']);
});

test('mergeConfig() replaces the command by the words after the image', (t) => {
  t.deepEqual(processArgs(merge({ command: ['x', 'y'] })), ['/entry', 'x', 'y']);
});

test('mergeConfig() drops the command of the image when an entrypoint is given', (t) => {
  t.deepEqual(processArgs(merge({ entrypoint: ['/mine'] })), ['/mine']);
  t.deepEqual(processArgs(merge({ entrypoint: ['/mine'], command: ['x'] })), ['/mine', 'x']);
});

test('mergeConfig() with an empty entrypoint runs the command alone', (t) => {
  t.deepEqual(processArgs(merge({ entrypoint: [], command: ['x'] })), ['x']);
  t.deepEqual(processArgs(merge({ entrypoint: [] })), ['default']);
});

test('mergeConfig() refuses an image and a request without a command', (t) => {
  t.throws(() => merge({}, {}), { message: /no command or entrypoint/ });
});

test('mergeConfig() lets the user win over the image, in the place of the image', (t) => {
  const config = merge({ env: ['A=user', 'B=user'], labels: { two: 'user' }, user: '5', workdir: '/other' });
  t.deepEqual(config.Env, ['PATH=/bin', 'A=user', 'B=user']);
  t.deepEqual(config.Labels, { one: 'image', two: 'user' });
  t.is(config.User, '5');
  t.is(config.WorkingDir, '/other');
});

test('mergeConfig() leaves variables out that are unset', (t) => {
  t.deepEqual(merge({ unsetEnv: ['A'] }).Env, ['PATH=/bin']);
  t.deepEqual(merge({ unsetEnvAll: true, env: ['X=1'] }).Env, ['X=1']);
});

test('mergeConfig() refuses a relative working directory and a stop signal that is none', (t) => {
  t.throws(() => merge({ workdir: 'here' }), { message: /absolute/ });
  t.throws(() => merge({ stopSignal: 'SIGNONE' }), { message: /invalid signal/ });
  t.throws(() => merge({}, { ...image, StopSignal: 'NOPE' }), { message: /invalid signal/ });
});

test('mergeConfig() collects exposed ports with a protocol', (t) => {
  t.deepEqual(Object.keys(merge({ expose: ['90', '53/udp'] }).ExposedPorts ?? {}), ['80/tcp', '90/tcp', '53/udp']);
});

test('mergeConfig() puts the variables of containers.conf below those of the image', (t) => {
  t.deepEqual(merge({ defaultEnv: ['A=conf', 'B=conf'], env: ['C=user'] }).Env, ['A=image', 'B=conf', 'PATH=/bin', 'C=user']);
  t.deepEqual(merge({ defaultEnv: ['B=conf'], unsetEnvAll: true, env: ['C=user'] }).Env, ['C=user']);
});

test('mergeConfig() changes by --env-merge what image and defaults set, and nothing else', (t) => {
  t.deepEqual(merge({ defaultEnv: ['B=conf'], envMerge: ['PATH=${PATH}:/more', 'A=$A-$B-$NONE\\$', 'X=${A}'] }).Env, ['B=conf', 'PATH=/bin:/more', 'A=image-conf-$']);
  t.deepEqual(merge({ envMerge: ['A=${A}2'], env: ['A=user'] }).Env, ['PATH=/bin', 'A=user']);
});
