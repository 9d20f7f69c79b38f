import test from 'ava';
import { isCode } from '../../../../src/lib/errors.ts';
import { loginKey } from '../../../../src/registry/auth/login.ts';
import { emptyConf } from '../../../../src/registry/registries-conf-parse.ts';

const table: readonly [text: string, key: string, domain: string, path: string][] = [
  ['quay.io', 'quay.io', 'quay.io', ''],
  ['localhost:5000', 'localhost:5000', 'localhost:5000', ''],
  ['registry', 'registry', 'registry', ''],
  ['[::1]:5000', '[::1]:5000', '[::1]:5000', ''],
  ['quay.io/', 'quay.io', 'quay.io', ''],
  ['quay.io/team', 'quay.io/team', 'quay.io', 'team'],
  ['quay.io/team/app', 'quay.io/team/app', 'quay.io', 'team/app'],
  ['docker.io', 'docker.io', 'docker.io', ''],
  ['docker.io/me', 'docker.io/me', 'docker.io', 'me'],
  ['index.docker.io', 'docker.io', 'docker.io', ''],
  ['https://index.docker.io/v1/', 'docker.io', 'docker.io', ''],
  ['https://reg.example:8443/v2/x', 'reg.example:8443', 'reg.example:8443', ''],
];
for (const [text, key, domain, path] of table) {
  test(`loginKey(${text})`, (t) => { t.deepEqual(loginKey(emptyConf, text), { key, repository: { domain, path } }); });
}

test('loginKey() without a registry is the first that is searched', (t) => {
  t.is(loginKey({ ...emptyConf, search: { registries: ['a.b', 'c.d'], file: 'f' } }, undefined).key, 'a.b');
  const error = t.throws(() => loginKey(emptyConf, undefined));
  t.is(error?.message, 'no registries found in registries.conf, a registry must be provided');
});

test('loginKey() refuses what is no registry', (t) => {
  for (const text of ['', 'quay.io/x:1', `quay.io/x@sha256:${'a'.repeat(64)}`, 'quay.io/UPPER', 'foo/bar', 'a b', 'host:port', '../x', 'http://', 'a.b\n', '-x']) {
    t.true(isCode(t.throws(() => loginKey(emptyConf, text), undefined, JSON.stringify(text)), 'USAGE', 'REFERENCE_INVALID'), JSON.stringify(text));
  }
});
