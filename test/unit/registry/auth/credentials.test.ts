import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Credential, Repository } from '../../../../src/registry/index.ts';
import { credentialFinder } from '../../../../src/registry/auth/credentials.ts';
import { authFiles } from '../../../../src/registry/auth/files.ts';
import { helperServers, hostOfKey, lookupKeys, normalHost } from '../../../../src/registry/auth/keys.ts';
import { parseCreds } from '../../../../src/registry/client-options.ts';
import { isCode } from '../../../../src/lib/errors.ts';

const entry = (user: string) => ({ auth: Buffer.from(`${user}:pw`).toString('base64') });
const repository = (name: string): Repository => ({ domain: name.split('/')[0] ?? '', path: name.split('/').slice(1).join('/') });

/** Files in their order, by content; helpers as tables. Answers "user" or "helper:user". */
function finder(t: ExecutionContext, files: readonly object[], helpers: Readonly<Record<string, Readonly<Record<string, Credential>>>> = {}, order = ['containers-auth.json']) {
  const dir = mkdtempSync(join(tmpdir(), 'skiff-auth-'));
  t.teardown(() => { rmSync(dir, { recursive: true }); });
  const read = files.map((content, index) => {
    const path = join(dir, `${index}`);
    writeFileSync(path, JSON.stringify('legacy' in content ? (content as { legacy: object }).legacy : content));
    return { path, legacy: 'legacy' in content };
  });
  const asked: string[] = [];
  const find = credentialFinder({
    files: { primary: join(dir, 'none'), explicit: false, read: [{ path: join(dir, 'missing'), legacy: false }, ...read] }, helpers: order,
    askHelper: (name, server) => {
      asked.push(`${name} ${server}`);
      return Promise.resolve(helpers[name]?.[server]);
    },
  });
  return {
    asked,
    user: async (name: string) => {
      const found = await find(repository(name));
      return found === undefined ? undefined : found.credential.kind === 'identity' ? `token ${found.credential.token}` : found.credential.username;
    },
  };
}

test('lookupKeys() goes from the repository up to the host', (t) => {
  t.deepEqual(lookupKeys(repository('my-registry.local/namespace/user/image')), ['my-registry.local/namespace/user/image', 'my-registry.local/namespace/user', 'my-registry.local/namespace', 'my-registry.local']);
  t.deepEqual(lookupKeys({ domain: 'a.b', path: '' }), ['a.b']);
});

test('hostOfKey() knows URLs and all names of Docker Hub', (t) => {
  for (const key of ['https://index.docker.io/v1/', 'docker.io', 'index.docker.io', 'https://registry-1.docker.io/v2/']) t.is(hostOfKey(key, false), 'docker.io', key);
  for (const key of ['https://index.docker.io/v1/access-token', 'https://index.docker.io/v1/refresh-token']) t.is(hostOfKey(key, false), undefined, key);
  t.is(hostOfKey('https://a.b:5000', false), 'a.b:5000');
  t.is(hostOfKey('http://a.b/v2/', false), 'a.b');
  t.is(hostOfKey('a.b/v1/', false), 'a.b');
  t.is(hostOfKey('a.b/namespace', false), undefined);
  t.is(hostOfKey('a.b/whatever/', true), 'a.b');
  t.is(normalHost('quay.io'), 'quay.io');
  t.deepEqual(helperServers('docker.io')[0], 'https://index.docker.io/v1/');
  t.deepEqual(helperServers('quay.io'), ['quay.io']);
});

test('credentialFinder() takes the most specific entry', async (t) => {
  const { user } = finder(t, [{ auths: { 'r.io': entry('host'), 'r.io/foo': entry('foo'), 'r.io/foo/bar/image': entry('image') } }]);
  t.is(await user('r.io/foo/bar/image'), 'image');
  t.is(await user('r.io/foo/bar/other'), 'foo');
  t.is(await user('r.io/foobar'), 'host');
  t.is(await user('r.io:443/foo'), undefined);
  t.is(await user('other.io/foo'), undefined);
});

test("credentialFinder() finds Docker's key for Docker Hub, and Podman's before it", async (t) => {
  t.is(await finder(t, [{ auths: { 'https://index.docker.io/v1/': entry('docker') } }]).user('docker.io/library/x'), 'docker');
  t.is(await finder(t, [{ auths: { 'https://index.docker.io/v1/': entry('docker'), 'docker.io': entry('podman') } }]).user('docker.io/library/x'), 'podman');
  t.is(await finder(t, [{ auths: { 'docker.io/team': entry('team'), 'docker.io': entry('all') } }]).user('docker.io/team/x'), 'team');
});

test('credentialFinder() asks the files in their order and passes over entries without a secret', async (t) => {
  const { user } = finder(t, [{ auths: { 'a.b': {} } }, { auths: { 'a.b': entry('second'), 'c.d': entry('c') } }, { auths: { 'a.b': entry('third') } }, { legacy: { 'https://e.f/v1/': entry('legacy') } }]);
  t.is(await user('a.b/x'), 'second');
  t.is(await user('c.d/x'), 'c');
  t.is(await user('e.f/x'), 'legacy');
});

test('credentialFinder() knows no namespaces in a .dockercfg', async (t) => {
  const { user } = finder(t, [{ legacy: { 'e.f/team': entry('team'), 'e.f': entry('host') } }]);
  t.is(await user('e.f/team/x'), 'host');
});

test('credentialFinder() asks a helper instead of the entry, and each once', async (t) => {
  const { user, asked } = finder(t, [{ auths: { 'gcr.io': entry('file') }, credHelpers: { 'gcr.io': 'gcloud' } }], { gcloud: { 'gcr.io': { kind: 'identity', token: 'tok' } } });
  t.is(await user('gcr.io/x'), 'token tok');
  t.is(await user('gcr.io/y'), 'token tok');
  t.deepEqual(asked, ['gcloud gcr.io']);
});

test("credentialFinder() asks Docker's credsStore last, with Docker's name for the Hub", async (t) => {
  const hub: Credential = { kind: 'basic', username: 'hub', password: 'p' };
  const { user, asked } = finder(t, [{ auths: { 'https://index.docker.io/v1/': {}, 'a.b': entry('file') }, credsStore: 'desktop' }], { desktop: { 'https://index.docker.io/v1/': hub } });
  t.is(await user('a.b/x'), 'file');
  t.deepEqual(asked, []);
  t.is(await user('docker.io/library/x'), 'hub');
});

test('credentialFinder() obeys credential-helpers of registries.conf', async (t) => {
  const mine: Credential = { kind: 'basic', username: 'mine', password: 'p' };
  t.is(await finder(t, [{ auths: { 'a.b': entry('file') } }], { pass: { 'a.b': mine } }, ['pass', 'containers-auth.json']).user('a.b/x'), 'mine');
  t.is(await finder(t, [{ auths: { 'a.b': entry('file') } }], { pass: {} }, ['pass', 'containers-auth.json']).user('a.b/x'), 'file');
  t.is(await finder(t, [{ auths: { 'a.b': entry('file') } }], { pass: {} }, ['pass']).user('a.b/x'), undefined);
});

test("authFiles() are Podman's, and an explicit one is the only one", (t) => {
  const env = { HOME: '/h', XDG_RUNTIME_DIR: '/run/u' };
  t.deepEqual(authFiles(env, undefined), {
    primary: '/run/u/containers/auth.json', explicit: false,
    read: [
      { path: '/run/u/containers/auth.json', legacy: false }, { path: '/h/.config/containers/auth.json', legacy: false },
      { path: '/h/.docker/config.json', legacy: false }, { path: '/h/.dockercfg', legacy: true },
    ],
  });
  t.deepEqual(authFiles({ ...env, XDG_CONFIG_HOME: '/c', DOCKER_CONFIG: '/d' }, undefined).read.map(({ path }) => path), ['/run/u/containers/auth.json', '/c/containers/auth.json', '/d/config.json', '/h/.dockercfg']);
  t.deepEqual(authFiles({ ...env, REGISTRY_AUTH_FILE: '/e/a.json' }, undefined), { primary: '/e/a.json', explicit: true, read: [{ path: '/e/a.json', legacy: false }] });
  t.is(authFiles({ ...env, REGISTRY_AUTH_FILE: '/e/a.json' }, '/f/b.json').primary, '/f/b.json');
});

test('parseCreds() cuts at the first colon', (t) => {
  t.deepEqual(parseCreds('u:p:q'), { kind: 'basic', username: 'u', password: 'p:q' });
  t.deepEqual(parseCreds('u:'), { kind: 'basic', username: 'u', password: '' });
  t.is(parseCreds('u'), undefined);
  for (const text of ['', ':secret']) {
    const error = t.throws(() => parseCreds(text));
    t.true(isCode(error, 'USAGE'));
    t.notRegex(String(error?.message), /secret/);
  }
});
