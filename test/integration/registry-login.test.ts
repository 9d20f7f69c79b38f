/** Logging in and out of a real registry: with a password given, read, typed, or kept by a helper; with its certificates and without. */
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { askedOf } from '../helpers/asked.ts';
import { within } from '../helpers/deadline.ts';
import { startFaultRegistry } from '../helpers/fault-registry.ts';
import { startRegistry, testPassword, testUser, type TestRegistry } from '../helpers/registry.ts';
import { requires } from '../helpers/requires.ts';
import { openTerminal } from '../helpers/terminal.ts';
import { makeWorld, type World } from '../helpers/world.ts';

const authFile = (world: World): string => join(world.runtime, 'containers', 'auth.json');
const readJson = (path: string): { auths?: Record<string, { auth?: string }> } & Record<string, unknown> => JSON.parse(readFileSync(path, 'utf8')) as never;
const encoded = (user: string, password: string): string => Buffer.from(`${user}:${password}`).toString('base64');

function put(path: string, text: string, mode = 0o600): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode });
  return path;
}

/** What an administrator does: the registry's authority into certs.d. */
function trustRegistry(world: World, registry: TestRegistry): string {
  const dir = join(world.home, '.config/containers/certs.d', registry.domain);
  mkdirSync(dir, { recursive: true });
  copyFileSync(registry.files?.ca ?? '', join(dir, 'ca.crt'));
  return dir;
}

async function secured(t: ExecutionContext): Promise<{ world: World; registry: TestRegistry }> {
  const world = makeWorld(t);
  const registry = await startRegistry(t, { tls: true, auth: true });
  trustRegistry(world, registry);
  return { world, registry };
}

test('login stores what the registry takes, logout removes it', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const { world, registry } = await secured(t);
  const { domain } = registry;
  t.is(world.skiff(['login', '--get-login', domain]).stderr, `Error: not logged into ${domain}\n`);
  t.is(world.ok('login', '-u', testUser, '-p', testPassword, domain), 'Login Succeeded!');
  t.is(statSync(authFile(world)).mode & 0o777, 0o600);
  t.is(statSync(dirname(authFile(world))).mode & 0o777, 0o700);
  t.deepEqual(readJson(authFile(world)), { auths: { [domain]: { auth: encoded(testUser, testPassword) } } });
  t.is(world.ok('login', '--get-login', domain), testUser);
  t.is(world.ok('login', domain), `Authenticating with existing credentials for ${domain}\nExisting credentials are valid. Already logged in to ${domain}`);
  t.is(world.ok('logout', domain), `Removed login credentials for ${domain}`);
  t.deepEqual(readJson(authFile(world)), { auths: {} });
  const again = world.skiff(['logout', domain]);
  t.is(again.code, 125);
  t.is(again.stderr, `Error: not logged into ${domain}\n`);
});

test('login with a wrong password says so, in the words of the peer, and changes nothing', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const { world, registry } = await secured(t);
  world.ok('login', '-u', testUser, '-p', testPassword, registry.domain);
  const before = readFileSync(authFile(world), 'utf8');
  const wrong = world.skiff(['--log-level', 'trace', 'login', '-u', testUser, '-p', 'swordfish', registry.domain]);
  t.is(wrong.code, 125);
  t.regex(wrong.stderr, new RegExp(`Error: logging into "${registry.domain}": invalid username/password\n`));
  t.notRegex(wrong.stderr + wrong.stdout, new RegExp(`swordfish|${encoded(testUser, 'swordfish')}`));
  t.is(readFileSync(authFile(world), 'utf8'), before);
});

test('login reads the password from standard input, and says where it stores', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const { world, registry } = await secured(t);
  for (const input of [testPassword, `${testPassword}\n`, `${testPassword}\r\n`]) {
    const done = world.skiff(['login', '-v', '-u', testUser, '--password-stdin', registry.domain], { input });
    t.deepEqual([done.code, done.stdout], [0, `Used: ${authFile(world)}\nLogin Succeeded!\n`], done.stderr);
    world.ok('logout', '--all');
  }
  const empty = world.skiff(['login', '-u', testUser, '--password-stdin', registry.domain], { input: '' });
  t.is(empty.code, 125);
  t.false(existsSync(authFile(world)) && readFileSync(authFile(world), 'utf8').includes(registry.domain));
});

test('login proves the password at the token server, also where anybody may pull', async (t) => {
  const world = makeWorld(t);
  const registry = await startFaultRegistry(t, { auth: 'bearer', users: { me: 'right' }, anonymousPull: true });
  const login = async (password: string): Promise<{ code: number | null; text: string }> => {
    const running = world.start(['login', '--tls-verify=false', '-u', 'me', '-p', password, registry.domain]);
    const { code } = await running.exit;
    return { code, text: running.stdout() + running.stderr() };
  };
  t.deepEqual(await login('wrong'), { code: 125, text: `Error: logging into "${registry.domain}": invalid username/password\n` });
  t.deepEqual(await login('right'), { code: 0, text: 'Login Succeeded!\n' });
  t.true(registry.count(/^(?:GET|POST) \/token/) >= 2);
});

test('login asks on a terminal, and does not show the password', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const { world, registry } = await secured(t);
  const terminal = openTerminal(t, world, ['login', registry.domain]);
  await terminal.expect(/Username: /);
  terminal.type(`${testUser}\r`);
  await terminal.expect(/Password: /);
  terminal.type(`wrong\x15${testPassword}x\x7f\r`); // ctrl-u and backspace work
  await terminal.expect(/Login Succeeded!/);
  t.is((await terminal.exit).exitCode, 0);
  t.notRegex(terminal.screen(), new RegExp(testPassword));
  t.is(world.ok('login', '--get-login', registry.domain), testUser);
});

test('ctrl-c at the password ends login and leaves the terminal as it was', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const { world, registry } = await secured(t);
  const terminal = openTerminal(t, world, ['-c', `skiff=$1; shift; "$skiff" login -u x ${registry.domain}; echo code $?; stty -a | tr ';' '\n' | grep -w echo`, 'sh', process.env['SKIFF_BIN'] ?? join(process.cwd(), 'helpers/bin/skiff')], '/bin/sh');
  await terminal.expect(/Password: /);
  terminal.type('secr\x03');
  await terminal.expect(/code 130/);
  await terminal.expect(/(?<!-)\becho\b/);
  t.notRegex(terminal.screen(), /secr/);
});

test('after the password the terminal is as it was while the registry is asked', async (t) => {
  const world = makeWorld(t);
  const silent = createServer(() => {}); // never answers
  await new Promise<void>((resolve) => { silent.listen(0, '127.0.0.1', resolve); });
  t.teardown(() => { silent.close(); });
  const asked = once(silent, 'connection');
  const terminal = openTerminal(t, world, ['login', '--tls-verify=false', '-u', 'x', `127.0.0.1:${(silent.address() as AddressInfo).port}`]);
  await terminal.expect(/Password: /);
  terminal.type('y\r');
  await within(asked, () => `the registry is not asked: ${terminal.screen()}`);
  terminal.type('\x03');
  const { exitCode, signal } = await terminal.exit;
  t.true(signal === 2 || exitCode === 130, `${exitCode} ${signal}`);
});

test('login --authfile makes the file, keeps what else stands in it, and follows links', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const { world, registry } = await secured(t);
  const real = put(join(world.home, 'dotfiles/auth.json'), JSON.stringify({ auths: { 'other.example': { auth: encoded('o', 'p'), email: 'x' } }, HttpHeaders: { a: 'b' } }), 0o644);
  const link = join(world.home, 'auth.json');
  symlinkSync('dotfiles/auth.json', link);
  world.ok('login', '--authfile', link, '-u', testUser, '-p', testPassword, `${registry.domain}/team`);
  t.deepEqual(readJson(real), {
    auths: { 'other.example': { auth: encoded('o', 'p'), email: 'x' }, [`${registry.domain}/team`]: { auth: encoded(testUser, testPassword) } }, HttpHeaders: { a: 'b' },
  });
  t.is(readFileSync(link, 'utf8'), readFileSync(real, 'utf8'));
  t.is(statSync(real).mode & 0o777, 0o600);
  t.is(world.ok('login', '--authfile', link, '--get-login', `${registry.domain}/team/app`), testUser);
  t.is(world.skiff(['login', '--authfile', link, '--get-login', registry.domain]).code, 125);
  const fresh = join(world.home, 'new/dir/auth.json');
  const byEnv = world.skiff(['login', '-u', testUser, '-p', testPassword, registry.domain], { env: { REGISTRY_AUTH_FILE: fresh } });
  t.is(byEnv.code, 0, byEnv.stderr);
  t.deepEqual(Object.keys(readJson(fresh).auths ?? {}), [registry.domain]);
});

test('login leaves a damaged auth file as it is', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const { world, registry } = await secured(t);
  const path = put(join(world.home, 'auth.json'), '{"auths": {"a": {"auth": "c2VjcmV0');
  const done = world.skiff(['login', '--authfile', path, '-u', testUser, '-p', testPassword, registry.domain]);
  t.is(done.code, 125);
  t.regex(done.stderr, /auth\.json/);
  t.notRegex(done.stderr, /c2VjcmV0/);
  t.is(readFileSync(path, 'utf8'), '{"auths": {"a": {"auth": "c2VjcmV0');
});

test('of many logins at once every one stays', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const { world, registry } = await secured(t);
  const names = Array.from({ length: 8 }, (_, i) => `${registry.domain}/team${i}`);
  const ends = await Promise.all(names.map((name) => world.start(['login', '-u', testUser, '-p', testPassword, name]).exit));
  t.deepEqual(ends.map(({ code }) => code), names.map(() => 0));
  t.deepEqual(Object.keys(readJson(authFile(world)).auths ?? {}).toSorted(), names);
});

test("--compat-auth-file keeps Docker's format", async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const { world, registry } = await secured(t);
  const path = put(join(world.home, '.docker/config.json'), '{"auths": {"https://index.docker.io/v1/": {"auth": "aHViOnB3"}}, "detachKeys": "ctrl-x"}');
  world.ok('login', '--compat-auth-file', path, '-u', testUser, '-p', testPassword, registry.domain);
  t.deepEqual(readJson(path), { auths: { 'https://index.docker.io/v1/': { auth: 'aHViOnB3' }, [registry.domain]: { auth: encoded(testUser, testPassword) } }, detachKeys: 'ctrl-x' });
  t.false(existsSync(authFile(world)));
  t.is(world.ok('login', '--get-login', 'docker.io'), 'hub');
  t.is(world.ok('logout', registry.domain), `Not logged into ${registry.domain} with current tool. Existing credentials were established via docker login. Please use docker logout instead.`);
  t.is(world.ok('logout', '--compat-auth-file', path, 'docker.io'), 'Removed login credentials for docker.io');
  const own = put(join(world.home, 'own.json'), JSON.stringify({ auths: { 'https://index.docker.io/v1/': { auth: 'aHViOnB3' }, 'https://r.example/v2/': { auth: 'aHViOnB3' }, 'r.example/team': { auth: 'aHViOnB3' } } }));
  for (const host of ['docker.io', 'r.example']) {
    t.is(world.ok('logout', '--authfile', own, host), `Removed login credentials for ${host}`, 'what is read for a host is what goes');
    t.is(world.skiff(['logout', '--authfile', own, host]).stderr, `Error: not logged into ${host}\n`);
  }
  t.deepEqual(readJson(own), { auths: { 'r.example/team': { auth: 'aHViOnB3' } } });
  t.deepEqual(Object.keys(readJson(path).auths ?? {}), [registry.domain]);
  t.regex(world.skiff(['login', '--compat-auth-file', path, '-u', testUser, '-p', testPassword, `${registry.domain}/team`]).stderr, /by registry, not for/);
});

/** A helper that keeps credentials in a file and writes down how it was called. */
const helperScript = `#!/bin/sh
dir=$(dirname "$0")/../kept; mkdir -p "$dir"
echo "$# $* $(env | grep -c secret-password)" >>"$dir/calls"
input=$(cat)
case $1 in
  store) printf %s "$input" >"$dir/one" ;;
  get)
    if [ -f "$dir/one" ] && grep -qF "\\"ServerURL\\":\\"$input\\"" "$dir/one"; then cat "$dir/one"
    else echo credentials not found in native keychain; exit 1; fi ;;
  erase) rm -f "$dir/one" ;;
  list) if [ -f "$dir/one" ]; then sed 's/.*"ServerURL":"\\([^"]*\\)","Username":"\\([^"]*\\)".*/{"\\1":"\\2"}/' "$dir/one"; else echo {}; fi ;;
  *) exit 2 ;;
esac
`;

test('a credential helper keeps, gives and forgets the secret, which only goes by its standard input', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const { world, registry } = await secured(t);
  put(join(world.home, 'bin/docker-credential-box'), helperScript, 0o755);
  put(authFile(world), JSON.stringify({ credHelpers: { [registry.domain]: 'box' } }));
  const env = { PATH: `${join(world.home, 'bin')}:${world.env['PATH'] ?? ''}` };
  const skiff = (...args: string[]): string => {
    const done = world.skiff(args, { env });
    t.is(done.code, 0, done.stderr);
    return done.stdout.trim();
  };
  t.is(skiff('login', '-v', '-u', testUser, '-p', testPassword, registry.domain), 'Used: box\nLogin Succeeded!');
  t.notRegex(readFileSync(authFile(world), 'utf8'), /auth"/);
  t.deepEqual(JSON.parse(readFileSync(join(world.home, 'kept/one'), 'utf8')), { ServerURL: registry.domain, Username: testUser, Secret: testPassword });
  t.is(skiff('login', '--get-login', registry.domain), testUser);
  t.regex(skiff('login', registry.domain), /Existing credentials are valid/);
  t.is(skiff('logout', registry.domain), `Removed login credentials for ${registry.domain}`);
  t.false(existsSync(join(world.home, 'kept/one')));
  skiff('login', '-u', testUser, '-p', testPassword, registry.domain);
  t.is(skiff('logout', '--all'), 'Removed login credentials for all registries');
  t.false(existsSync(join(world.home, 'kept/one')));
  put(authFile(world), JSON.stringify({ credsStore: 'box', auths: { [registry.domain]: {} } }));
  t.is(skiff('login', '-v', '-u', testUser, '-p', testPassword, registry.domain), 'Used: box\nLogin Succeeded!');
  t.is(skiff('logout', '--all'), 'Removed login credentials for all registries');
  t.false(existsSync(join(world.home, 'kept/one')));
  // For all registries, by registries.conf.
  put(authFile(world), '{}');
  put(join(world.home, '.config/containers/registries.conf.d/50-test.conf'), 'credential-helpers = ["box"]\n');
  skiff('login', '-u', testUser, '-p', testPassword, registry.domain);
  t.is(skiff('login', '--get-login', registry.domain), testUser);
  t.is(readFileSync(authFile(world), 'utf8'), '{}');
  t.is(skiff('logout', '--all'), 'Removed login credentials for all registries');
  t.false(existsSync(join(world.home, 'kept/one')));
  for (const call of readFileSync(join(world.home, 'kept/calls'), 'utf8').trim().split('\n')) t.regex(call, /^1 (?:store|get|erase|list) 0$/);
});

test('a credential helper that is missing, fails or has a path for a name is reported', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const { world, registry } = await secured(t);
  const env = { PATH: `${join(world.home, 'bin')}:${world.env['PATH'] ?? ''}` };
  put(join(world.home, 'bin/docker-credential-broken'), '#!/bin/sh\nprintf \'{"Username":"u","Secret":"topsecret\'; exit 0\n', 0o755);
  put(join(world.home, 'bin/docker-credential-angry'), '#!/bin/sh\necho "keyring is \x1b[31mlocked" >&2; exit 3\n', 0o755);
  put(join(world.home, 'evil'), `#!/bin/sh\ntouch ${world.home}/ran\n`, 0o755);
  for (const [helper, text] of [['nowhere', /"docker-credential-nowhere" is not installed/], ['broken', /no JSON object/], ['angry', /exit code 3: keyring is {2}?\[31mlocked/], ['../evil', /credential helper "\.\.\/evil"/], [`${world.home}/evil`, /credential helper/], ['-x', /credential helper/]] as const) {
    put(authFile(world), JSON.stringify({ credHelpers: { [registry.domain]: helper } }));
    const done = world.skiff(['--log-level', 'debug', 'login', '--get-login', registry.domain], { env });
    t.is(done.code, 125, helper);
    t.regex(done.stderr, text);
    t.notRegex(done.stderr, /hint: .*install/, 'no package has it');
    t.notRegex(done.stderr, /topsecret/);
    // oxlint-disable-next-line no-control-regex -- this is what must not be there
    t.notRegex(done.stderr, /\x1b/);
  }
  t.false(existsSync(join(world.home, 'ran')));
});

test('certificates: none is refused, certs.d and --cert-dir are used, --tls-verify=false is the way round', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const world = makeWorld(t);
  const registry = await startRegistry(t, { tls: true, auth: true });
  const login = ['login', '-u', testUser, '-p', testPassword];
  const refused = world.skiff([...login, registry.domain]);
  t.is(refused.code, 125);
  t.regex(refused.stderr, /authenticating creds for .*certificate/);
  t.false(existsSync(authFile(world)));
  t.is(world.ok(...login, '--tls-verify=false', registry.domain), 'Login Succeeded!');
  const dir = trustRegistry(world, registry);
  t.is(world.ok(...login, registry.domain), 'Login Succeeded!');
  t.is(world.skiff([...login, '--cert-dir', join(world.home, 'empty'), registry.domain]).code, 125);
  mkdirSync(join(world.home, 'empty'));
  t.is(world.skiff([...login, '--cert-dir', join(world.home, 'empty'), registry.domain]).code, 125, '--cert-dir is the only folder');
  t.is(world.ok(...login, '--cert-dir', dir, `127.0.0.1:${registry.port}`), 'Login Succeeded!');
  put(join(dir, 'client.cert'), readFileSync(registry.files?.clientCert ?? '', 'utf8'));
  const half = world.skiff([...login, registry.domain]);
  t.is(half.code, 125);
  t.regex(half.stderr, /missing key client\.key for client certificate client\.cert/);
});

test("a registry that asks for a client's certificate gets the pair of certs.d", async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const world = makeWorld(t);
  const registry = await startRegistry(t, { tls: 'client', auth: true });
  const dir = trustRegistry(world, registry);
  const login = ['login', '-u', testUser, '-p', testPassword, registry.domain];
  for (const flags of [[], ['--tls-verify=false']]) {
    const { code, stderr } = world.skiff([...login, ...flags]);
    t.is(code, 125);
    t.regex(stderr, /\/v2\/: it wants a client certificate\nhint: put the certificate and its key into .*certs\.d\/localhost:\d+, as client\.cert and client\.key/, 'http is tried then, and its 400 tells nothing');
  }
  put(join(dir, 'me.cert'), readFileSync(registry.files?.clientCert ?? '', 'utf8'));
  put(join(dir, 'me.key'), readFileSync(registry.files?.clientKey ?? '', 'utf8'));
  t.is(world.ok(...login), 'Login Succeeded!');
  chmodSync(join(dir, 'me.key'), 0o644);
  t.regex(world.skiff(login).stderr, /warning: key ".*me\.key" can be read by everybody/);
});

test('plain HTTP is for registries that registries.conf calls insecure', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const world = makeWorld(t);
  const registry = await startRegistry(t, { auth: true });
  const login = ['login', '-u', testUser, '-p', testPassword, registry.domain];
  const refused = world.skiff(login);
  t.is(refused.code, 125);
  t.is(await askedOf(registry), '');
  put(join(world.home, '.config/containers/registries.conf.d/50-test.conf'), `[[registry]]\nlocation = "${registry.domain}"\ninsecure = true\n`);
  t.is(world.ok(...login), 'Login Succeeded!');
  t.is(world.skiff([...login, '--tls-verify']).code, 125, '--tls-verify wins');
  put(join(world.home, '.config/containers/registries.conf.d/60-test.conf'), `unqualified-search-registries = ["${registry.domain}"]\n[[registry]]\nlocation = "${registry.domain}"\ninsecure = true\nblocked = true\n`);
  const blocked = world.skiff(login);
  t.is(blocked.code, 125);
  t.regex(blocked.stderr, new RegExp(`registry ${registry.domain} is blocked in .*60-test\\.conf`));
  t.is(world.ok('logout'), `Removed login credentials for ${registry.domain}`, 'the first search registry is the default');
});

test('Podman and skopeo read what login writes, and login reads what they write', async (t) => {
  if (!requires(t, 'docker-registry', 'podman', 'skopeo')) return;
  const { world, registry } = await secured(t);
  const { domain } = registry;
  const certs = join(world.home, '.config/containers/certs.d', domain);
  world.ok('login', '-u', testUser, '-p', testPassword, domain);
  t.is(world.run(['podman', 'login', '--get-login', domain]).stdout, `${testUser}\n`);
  const skopeo = world.run(['skopeo', 'login', '--get-login', domain]);
  t.is(skopeo.stdout, `${testUser}\n`, skopeo.stderr);
  t.is(world.run(['podman', 'logout', domain]).code, 0);
  t.is(world.skiff(['login', '--get-login', domain]).code, 125);
  const theirs = world.run(['skopeo', 'login', '--cert-dir', certs, '-u', testUser, '-p', testPassword, `${domain}/team`]);
  t.is(theirs.code, 0, theirs.stderr);
  t.is(world.ok('login', '--get-login', `${domain}/team/app`), testUser);
  t.is(world.ok('logout', `${domain}/team`), `Removed login credentials for ${domain}/team`);
  t.is(world.run(['podman', 'login', '--get-login', `${domain}/team`]).code, 125);
});
