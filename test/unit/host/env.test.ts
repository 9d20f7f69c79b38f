import test from 'ava';
import { childEnv, userEnv } from '../../../src/host/env.ts';
import { sessionVariables } from '../../../src/host/session.ts';

test.serial('childEnv() passes the environment on without promises made to this process alone', (t) => {
  const given = { LISTEN_FDS: '3', NOTIFY_SOCKET: '/x', NODE_OPTIONS: '--inspect', [sessionVariables.hostUid]: '1', SKIFF_KEPT: 'yes', EMPTY: '' };
  Object.assign(process.env, given);
  t.teardown(() => { for (const name of Object.keys(given)) delete process.env[name]; });
  const lines = childEnv({ PATH: '/only', HOME: undefined });
  t.true(lines.includes('SKIFF_KEPT=yes'));
  t.true(lines.includes('EMPTY='));
  t.true(lines.includes('PATH=/only'));
  t.is(lines.filter((line) => line.startsWith('PATH=')).length, 1);
  for (const name of ['LISTEN_FDS', 'NOTIFY_SOCKET', 'NODE_OPTIONS', 'HOME', sessionVariables.hostUid]) t.false(lines.some((line) => line.startsWith(`${name}=`)), name);
});

test.serial('userEnv() is what the user had, Node options included', (t) => {
  process.env['NODE_OPTIONS'] = '--no-warnings';
  t.teardown(() => { delete process.env['NODE_OPTIONS']; });
  t.true(userEnv().includes('NODE_OPTIONS=--no-warnings'));
  t.false(userEnv().some((line) => line.startsWith('SKIFF_HOST_UID=')));
});
