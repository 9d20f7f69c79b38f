import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { sessionVariables, takeSession } from '../../../src/host/session.ts';
import { projectRoot } from '../../helpers/world.ts';

test('sessionVariables are those that helpers/launcher.c clears and sets', (t) => {
  const source = readFileSync(join(projectRoot(), 'helpers', 'launcher.c'), 'utf8');
  const list = /session_variables\[\] = \{([^}]*)\}/.exec(source)?.[1] ?? '';
  const cleared = [...list.matchAll(/"(\w+)"/g)].map((match) => match[1]).toSorted();
  t.deepEqual(cleared, Object.values(sessionVariables).toSorted());
  const written = new Set([...source.matchAll(/(?:set(?:_number)?|put_aside)\((?:"NODE_\w+", )?"(SKIFF_\w+)"/g)].map((match) => match[1]));
  for (const name of Object.values(sessionVariables)) t.true(written.has(name), `${name} is never set`);
});

test('takeSession() removes what the launcher set and gives the variables of Node back', (t) => {
  const env = {
    SKIFF_LAUNCHED: '1', SKIFF_USERNS: 'joined', SKIFF_HOST_UID: '1000', SKIFF_HOST_GID: '100', SKIFF_SELF: '/s', SKIFF_CGROUP: 'private', SKIFF_RUNTIME_DIR: '/run/x',
    SKIFF_HOLDER_FD: '5', SKIFF_UMASK: '63', SKIFF_SAVED_NODE_EXTRA_CA_CERTS: '/ca.pem', SKIFF_SAVED_NODE_OPTIONS: '--x', SKIFF_ROOT: '/kept',
  };
  t.deepEqual(takeSession(env), {
    launched: true, userns: { kind: 'entered', created: false, singleID: false, holderFd: 5 }, hostUid: 1000, hostGid: 100, self: '/s', runtimeDir: '/run/x', cgroup: 'private',
    umask: 0o077,
  });
  t.deepEqual(env as Record<string, string>, { SKIFF_ROOT: '/kept', NODE_EXTRA_CA_CERTS: '/ca.pem', NODE_OPTIONS: '--x' });
});

test('takeSession() with a single id keeps the remedy', (t) => {
  const env = { SKIFF_LAUNCHED: '1', SKIFF_USERNS: 'created', SKIFF_SINGLE_ID: '1', SKIFF_REFUSAL_HINT: 'sudo usermod' };
  t.deepEqual(takeSession(env).userns, { kind: 'entered', created: true, singleID: true, singleIDHint: 'sudo usermod' });
});

test('takeSession() of a refusal has its code, cause and remedy', (t) => {
  const env = { SKIFF_LAUNCHED: '1', SKIFF_USERNS: 'refused', SKIFF_REFUSAL_CODE: 'HELPER_MISSING', SKIFF_REFUSAL_MESSAGE: 'm', SKIFF_REFUSAL_HINT: 'h' };
  t.deepEqual(takeSession(env).userns, { kind: 'refused', code: 'HELPER_MISSING', message: 'm', hint: 'h' });
});

test('takeSession() without a launcher is a refusal', (t) => {
  const found = takeSession({ XDG_RUNTIME_DIR: '/run/user/7' });
  t.false(found.launched);
  t.is(found.userns.kind, 'refused');
  t.is(found.runtimeDir, '/run/user/7/skiff');
});
