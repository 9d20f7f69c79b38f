/** Where images come from and whether they may: registries.conf (mirrors, locations, aliases, blocked), credentials by namespace, policy.json. */
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { askedOf } from '../helpers/asked.ts';
import { startFaultRegistry } from '../helpers/fault-registry.ts';
import { makeLayer } from '../helpers/make-archive.ts';
import { madeImage, type MadeImage } from '../helpers/make-image.ts';
import { pushImage, startRegistry, testPassword, testUser, type TestRegistry } from '../helpers/registry.ts';
import { requires } from '../helpers/requires.ts';
import { makeWorld, type World } from '../helpers/world.ts';

const image = madeImage([makeLayer({ 'a.txt': 'a' })]);
const other = madeImage([makeLayer({ 'b.txt': 'b' })]);
const idOf = (made: MadeImage): string => made.imageID.replace('sha256:', '');

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

const configure = (world: World, text: string): void => put(join(world.home, '.config/containers/registries.conf.d/50-test.conf'), text);
const insecure = (...domains: string[]): string => domains.map((domain) => `[[registry]]\nlocation = "${domain}"\ninsecure = true\n`).join('');
const policy = (world: World, value: unknown): void => put(join(world.home, '.config/containers/policy.json'), JSON.stringify(value));

/** A plain registry with `made` as team/app:1. */
async function serving(t: ExecutionContext, made: MadeImage = image): Promise<TestRegistry> {
  const registry = await startRegistry(t);
  await pushImage(registry, 'team/app', '1', made);
  return registry;
}

test('an image comes from the mirror under the name that was asked for', async (t) => {
  if (!requires(t, 'userns', 'docker-registry')) return;
  const world = makeWorld(t);
  const mirror = await serving(t);
  configure(world, `[[registry]]\nprefix = "registry.invalid/shop"\nlocation = "registry.invalid/shop"\n[[registry.mirror]]\nlocation = "${mirror.domain}/team"\ninsecure = true\n`);
  t.is(world.ok('pull', '-q', 'registry.invalid/shop/app:1'), idOf(image));
  t.is(world.ok('images', '--format', '{{.Repository}}:{{.Tag}}'), 'registry.invalid/shop/app:1');
});

test('a mirror that lacks the image is passed over for the next and for the location', async (t) => {
  if (!requires(t, 'userns', 'docker-registry')) return;
  const world = makeWorld(t);
  const [empty, real] = [await startRegistry(t), await serving(t)];
  configure(world, `[[registry]]\nprefix = "registry.invalid"\nlocation = "${real.domain}"\ninsecure = true\n[[registry.mirror]]\nlocation = "localhost:1"\ninsecure = true\n[[registry.mirror]]\nlocation = "${empty.domain}"\ninsecure = true\n`);
  t.is(world.ok('pull', '-q', 'registry.invalid/team/app:1'), idOf(image));
  t.regex(await askedOf(empty), /GET \/v2\/team\/app\/manifests\/1/);
});

test('a mirror for digests only is not asked for tags', async (t) => {
  if (!requires(t, 'userns', 'docker-registry')) return;
  const world = makeWorld(t);
  const [mirror, real] = [await serving(t, other), await serving(t)];
  await pushImage(mirror, 'team/app', undefined, image);
  configure(world, `[[registry]]\nprefix = "registry.invalid"\nlocation = "${real.domain}"\ninsecure = true\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = "${mirror.domain}"\ninsecure = true\n`);
  t.is(world.ok('pull', '-q', 'registry.invalid/team/app:1'), idOf(image));
  t.notRegex(await askedOf(mirror), /manifests\/1/);
  world.ok('rmi', '-a');
  t.is(world.ok('pull', '-q', `registry.invalid/team/app@${image.digest}`), idOf(image));
  t.regex(await askedOf(mirror), /manifests\/sha256:/);
});

test('a short name is its alias, and that is said', async (t) => {
  if (!requires(t, 'userns', 'docker-registry')) return;
  const world = makeWorld(t);
  const registry = await serving(t);
  configure(world, `${insecure(registry.domain)}[aliases]\n"myapp" = "${registry.domain}/team/app"\n`);
  const done = world.skiff(['pull', 'myapp:1']);
  t.is(done.code, 0, done.stderr);
  t.is(done.stdout, `${idOf(image)}\n`);
  t.regex(done.stderr, /Resolved "myapp" as an alias \(.*50-test\.conf\)/);
  t.regex(done.stderr, new RegExp(`Trying to pull ${registry.domain}/team/app:1\\.\\.\\.`));
  t.is(world.ok('images', '--format', '{{.Repository}}'), `${registry.domain}/team/app`);
  const before = await askedOf(registry);
  for (const policy of ['missing', 'never']) t.is(world.ok('pull', '-q', '--policy', policy, 'myapp:1'), idOf(image), policy);
  world.ok('create', '--pull', 'never', '--network', 'none', 'myapp:1', 'true');
  for (const verb of [['image', 'inspect', '--format', '{{.Id}}'], ['inspect', '--format', '{{.Id}}']]) t.is(world.ok(...verb, 'myapp:1'), idOf(image), verb[0]);
  for (const verb of [['image', 'exists'], ['history'], ['image', 'tree'], ['diff']]) t.is(world.skiff([...verb, 'myapp:1']).code, 0, verb.join(' '));
  t.is(world.skiff(['image', 'exists', 'myapp:2']).code, 1);
  world.ok('tag', 'myapp:1', 'mine:1');
  t.is(world.ok('save', '-o', `${world.dir}/app.tar`, 'myapp:1'), '');
  t.is(world.ok('rmi', 'myapp:1'), `Untagged: ${registry.domain}/team/app:1`);
  t.is(world.skiff(['untag', 'myapp:1']).code, 125);
  t.is(world.ok('load', '-q', '-i', `${world.dir}/app.tar`), `Loaded image: ${registry.domain}/team/app:1`);
  t.is(await askedOf(registry), before, 'it is there, by the name that the alias stands for');
});

test('behind docker:// a short name is docker.io\'s, whatever registries.conf says of short names', async (t) => {
  if (!requires(t, 'userns', 'docker-registry')) return;
  const world = makeWorld(t);
  const registry = await serving(t);
  configure(world, `unqualified-search-registries = ["${registry.domain}"]\n${insecure(registry.domain)}[[registry]]\nlocation = "docker.io"\nblocked = true\n[aliases]\n"myapp" = "${registry.domain}/team/app"\n`);
  for (const name of ['myapp:1', 'team/app:1']) {
    for (const verb of [['pull'], ['image', 'inspect'], ['manifest', 'inspect'], ['search', '--list-tags']]) {
      const { code, stderr } = world.skiff([...verb, `docker://${name}`]);
      t.is(code, 125, name);
      t.regex(stderr, /registry docker\.io is blocked/, verb.join(' '));
      t.notRegex(stderr, /Resolv/);
    }
  }
});

test('search registries are tried in their order, without a question', async (t) => {
  if (!requires(t, 'userns', 'docker-registry')) return;
  const world = makeWorld(t);
  const [empty, registry] = [await startRegistry(t), await serving(t)];
  const lists = `unqualified-search-registries = ["${empty.domain}", "${registry.domain}"]\n`;
  configure(world, `${lists}${insecure(empty.domain, registry.domain)}`);
  const done = world.skiff(['pull', 'team/app:1']);
  t.is(done.code, 0, done.stderr);
  t.regex(done.stderr, /Resolving "team\/app" using unqualified-search registries \(.*50-test\.conf\)/);
  t.regex(await askedOf(empty), /GET \/v2\/team\/app\/manifests\/1/);
  world.ok('rmi', '-a');
  configure(world, `short-name-mode = "enforcing"\n${lists}${insecure(empty.domain, registry.domain)}`);
  const enforced = world.skiff(['pull', 'team/app:1']);
  t.is(enforced.code, 125);
  t.regex(enforced.stderr, /short-name "team\/app" could be from/);
  t.is(world.ok('images', '-q'), '');
});

test('a search goes past a registry that is blocked, and tags are those of the first registry that has the repository', async (t) => {
  if (!requires(t, 'userns', 'docker-registry')) return;
  const world = makeWorld(t);
  const [blocked, empty, registry] = [await startRegistry(t), await startRegistry(t), await serving(t)];
  configure(world, `unqualified-search-registries = ["${blocked.domain}", "${empty.domain}", "${registry.domain}"]\n[[registry]]\nlocation = "${blocked.domain}"\nblocked = true\n${insecure(empty.domain, registry.domain)}`);
  const done = world.skiff(['pull', '-q', 'team/app:1']);
  t.is(done.code, 0, done.stderr);
  t.is(done.stdout, `${idOf(image)}\n`);
  t.is(world.ok('search', '--list-tags', 'team/app', '--format', '{{.Name}} {{.Tag}}'), `${registry.domain}/team/app 1`);
  world.ok('rmi', '-a');
  t.is(world.ok('pull', '-q', '--all-tags', 'team/app'), idOf(image));
  const nowhere = world.skiff(['pull', '-q', 'team/other:1']);
  t.is(nowhere.code, 125);
  for (const one of [blocked, empty, registry]) t.regex(nowhere.stderr, new RegExp(` \\* ${one.domain}/team/other:1: `));
});

test('--pull newer asks where the image came from, and not a registry before that', async (t) => {
  if (!requires(t, 'userns', 'docker-registry')) return;
  const world = makeWorld(t);
  const [empty, registry] = [await startRegistry(t), await serving(t)];
  configure(world, `unqualified-search-registries = ["${empty.domain}", "${registry.domain}"]\n${insecure(empty.domain, registry.domain)}`);
  world.ok('pull', '-q', 'team/app:1');
  const before = await askedOf(empty);
  t.is(world.ok('pull', '-q', '--policy', 'newer', 'team/app:1'), idOf(image));
  const other = madeImage([makeLayer({ 'newer.txt': 'newer' })]);
  await pushImage(registry, 'team/app', '1', other);
  t.is(world.ok('pull', '-q', '--policy', 'newer', 'team/app:1'), idOf(other));
  t.is(await askedOf(empty), before);
});

test('a blocked registry gives nothing, whatever way it is named', async (t) => {
  if (!requires(t, 'userns', 'docker-registry')) return;
  const world = makeWorld(t);
  const registry = await serving(t);
  configure(world, `[[registry]]\nlocation = "${registry.domain}"\ninsecure = true\nblocked = true\n[[registry]]\nprefix = "registry.invalid"\nlocation = "${registry.domain}/team"\ninsecure = true\n[aliases]\n"myapp" = "${registry.domain}/team/app"\n`);
  for (const name of [`${registry.domain}/team/app:1`, 'registry.invalid/app:1', 'myapp:1']) {
    const done = world.skiff(['pull', name]);
    t.is(done.code, 125, name);
    t.regex(done.stderr, new RegExp(`registry ${registry.domain} is blocked in .*50-test\\.conf`), name);
  }
  t.is(await askedOf(registry), '');
});

test('skopeo finds the same images by the same registries.conf', async (t) => {
  if (!requires(t, 'userns', 'docker-registry', 'skopeo')) return;
  const world = makeWorld(t);
  const [one, two] = [await serving(t), await serving(t, other)];
  await pushImage(one, 'app', '1', image);
  configure(world, `${insecure(one.domain, two.domain)}
[[registry]]
prefix = "registry.invalid/team"
location = "${two.domain}/team"
insecure = true
[[registry]]
prefix = "registry.invalid"
location = "${one.domain}"
insecure = true
[[registry]]
prefix = "*.wild.invalid"
location = "${two.domain}"
insecure = true
[[registry]]
location = "mirrored.invalid/team"
[[registry.mirror]]
location = "${one.domain}/none"
insecure = true
[[registry.mirror]]
location = "${two.domain}/team"
insecure = true
[[registry]]
location = "blocked.invalid"
blocked = true
`);
  const names: Readonly<Record<string, MadeImage | undefined>> = {
    'registry.invalid/team/app:1': other, 'registry.invalid/app:1': image, 'registry.invalid/teams/app:1': undefined,
    'a.wild.invalid/team/app:1': other, 'a.b.wild.invalid/team/app:1': other, 'wild.invalid/team/app:1': undefined,
    'mirrored.invalid/team/app:1': other, 'mirrored.invalid/teamapp:1': undefined, 'blocked.invalid/team/app:1': undefined,
    [`registry.invalid/team/app@${other.digest}`]: other,
  };
  for (const [name, want] of Object.entries(names)) {
    const theirs = world.run(['skopeo', 'inspect', '--no-tags', '--format', '{{.Digest}}', `docker://${name}`]);
    const ours = world.skiff(['pull', '-q', name]);
    t.is(theirs.stdout.trim(), want?.digest ?? '', `skopeo ${name}: ${theirs.stderr}`);
    t.is(ours.stdout.trim(), want === undefined ? '' : idOf(want), `skiff ${name}: ${ours.stderr}`);
    t.is(ours.code === 0, theirs.code === 0, name);
  }
});

test('a damaged registries.conf stops a pull and names the file', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  configure(world, '[[registry]\nlocation = 3');
  const done = world.skiff(['pull', 'localhost:1/x']);
  t.is(done.code, 125);
  t.regex(done.stderr, /50-test\.conf/);
});

test('a pull uses what login has stored, a helper, or --creds', async (t) => {
  if (!requires(t, 'userns', 'docker-registry')) return;
  const world = makeWorld(t);
  const registry = await startRegistry(t, { tls: true, auth: true });
  await pushImage(registry, 'team/app', '1', image);
  const name = `${registry.domain}/team/app:1`;
  const certs = join(world.home, '.config/containers/certs.d', registry.domain);
  mkdirSync(certs, { recursive: true });
  copyFileSync(registry.files?.ca ?? '', join(certs, 'ca.crt'));
  t.is(world.skiff(['pull', name]).code, 125, 'anonymous');
  t.is(world.ok('pull', '-q', '--creds', `${testUser}:${testPassword}`, name), idOf(image));
  t.is(world.skiff(['pull', '--creds', `${testUser}:wrong`, name]).code, 125);
  // The wrong one is for the host, the right one for the namespace.
  const auth = (password: string): object => ({ auth: Buffer.from(`${testUser}:${password}`).toString('base64') });
  put(join(world.runtime, 'containers/auth.json'), JSON.stringify({ auths: { [registry.domain]: auth('wrong'), [`${registry.domain}/team`]: auth(testPassword) } }));
  t.is(world.ok('pull', '-q', name), idOf(image));
  const gone = world.skiff(['pull', '--authfile', join(world.home, 'none.json'), name]);
  t.is(gone.code, 125);
  t.regex(gone.stderr, /none\.json: no such file/);
  put(join(world.home, 'mine.json'), JSON.stringify({ auths: { [registry.domain]: auth(testPassword) } }));
  t.is(world.ok('pull', '-q', '--authfile', join(world.home, 'mine.json'), name), idOf(image));
});

test("--creds goes to the registry that was named: neither to its mirrors nor to where it has moved", async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const registries = async () => startFaultRegistry(t, { auth: 'basic', users: { owner: 'o', stored: 's' } });
  const [mirror, real, moved] = [await registries(), await registries(), await registries()];
  for (const registry of [real, moved]) registry.put('team/app', '1', image);
  const own = (domain: string): string => `[[registry]]\nlocation = "${domain}"\ninsecure = true\n`;
  configure(world, `${own(real.domain)}[[registry.mirror]]\nlocation = "${mirror.domain}"\ninsecure = true\n[[registry]]\nprefix = "registry.invalid"\nlocation = "${moved.domain}"\ninsecure = true\n`);
  const pull = async (name: string): Promise<number | null> => (await world.start(['pull', '-q', '--creds', 'owner:o', name]).exit).code;
  t.is(await pull(`${real.domain}/team/app:1`), 0);
  t.true(real.carrying('owner:o').length > 0);
  t.true(mirror.requests.length > 0);
  t.is(mirror.carrying('owner:o').length, 0);
  t.is(await pull('registry.invalid/team/app:1'), 125, JSON.stringify(moved.requests));
  t.true(moved.requests.length > 0);
  t.is(moved.carrying('owner:o').length, 0);
  put(join(world.runtime, 'containers/auth.json'), JSON.stringify({ auths: { [moved.domain]: { auth: Buffer.from('stored:s').toString('base64') } } }));
  t.is(await pull('registry.invalid/team/app:1'), 0);
});

test('a pull shows an identity token of the auth file, or of a helper', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const registry = await startFaultRegistry(t, { auth: 'bearer', identityTokens: ['refresh-me'] });
  registry.put('team/app', '1', image);
  configure(world, insecure(registry.domain));
  const authFile = join(world.runtime, 'containers/auth.json');
  const pull = async (): Promise<number | null> => (await world.start(['pull', '-q', `${registry.domain}/team/app:1`], { env: { PATH: `${join(world.home, 'bin')}:${world.env['PATH'] ?? ''}` } }).exit).code;
  t.is(await pull(), 125);
  put(authFile, JSON.stringify({ auths: { [registry.domain]: { identitytoken: 'refresh-me' } } }));
  t.is(await pull(), 0);
  t.true(registry.carrying('refresh-me').every(({ line }) => line.includes('/token')));
  put(join(world.home, 'bin/docker-credential-box'), `#!/bin/sh\necho '{"ServerURL":"x","Username":"<token>","Secret":"'$(grep -q ${registry.domain} && echo refresh-me)'"}'\n`);
  chmodSync(join(world.home, 'bin/docker-credential-box'), 0o755);
  world.ok('rmi', '-a');
  put(authFile, JSON.stringify({ credHelpers: { [registry.domain]: 'box' } }));
  t.is(await pull(), 0);
  put(authFile, JSON.stringify({ credHelpers: { [registry.domain]: 'missing' } }));
  world.ok('rmi', '-a');
  t.is(await pull(), 125, 'a helper that is missing is not anonymous');
});

test('what the policy rejects is not fetched, and what it can not verify is refused', async (t) => {
  if (!requires(t, 'userns', 'docker-registry')) return;
  const world = makeWorld(t);
  const registry = await serving(t);
  configure(world, insecure(registry.domain));
  const name = `${registry.domain}/team/app:1`;
  world.ok('image', 'trust', 'set', '-t', 'reject', registry.domain);
  const rejected = world.skiff(['pull', name]);
  t.is(rejected.code, 125);
  t.regex(rejected.stderr, new RegExp(`Source image rejected: Running image docker://${name} is rejected by policy\\.`));
  t.is(await askedOf(registry), '');
  policy(world, { default: [{ type: 'insecureAcceptAnything' }], transports: { docker: { [`${registry.domain}/team`]: [{ type: 'signedBy', keyType: 'GPGKeys', keyPath: '/k' }] } } });
  t.regex(world.skiff(['pull', name]).stderr, /signatures are not yet verified by skiff/);
  policy(world, { default: [{ type: 'insecureAcceptAnything' }], surprise: true });
  t.regex(world.skiff(['pull', name]).stderr, /invalid policy in .*unknown key "surprise"/);
  t.is(world.ok('images', '-q'), '');
  policy(world, { default: [{ type: 'reject' }], transports: { docker: { [`${registry.domain}/team/app`]: [{ type: 'insecureAcceptAnything' }] } } });
  t.is(world.ok('pull', '-q', name), idOf(image));
});

test('the policy is asked of archives and folders too', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  world.skiff(['import', '-', 'localhost/x:1'], { input: makeLayer({ a: 'a' }) });
  for (const format of ['docker-archive', 'oci-archive']) world.ok('save', '-q', '--format', format, '-o', join(world.home, format), 'localhost/x:1');
  world.ok('save', '-q', '--format', 'oci-dir', '-o', join(world.home, 'oci'), 'localhost/x:1');
  world.ok('save', '-q', '--format', 'docker-dir', '-o', join(world.home, 'dir'), 'localhost/x:1');
  world.ok('rmi', 'localhost/x:1');
  policy(world, { default: [{ type: 'reject' }] });
  for (const name of ['docker-archive', 'oci-archive', 'oci', 'dir']) {
    const done = world.skiff(['load', '-i', join(world.home, name)]);
    t.is(done.code, 125, name);
    t.regex(done.stderr, /is rejected by policy/, name);
  }
  t.is(world.ok('images', '-q'), '');
  policy(world, { default: [{ type: 'reject' }], transports: { 'docker-archive': { '': [{ type: 'insecureAcceptAnything' }] }, dir: { [world.home]: [{ type: 'insecureAcceptAnything' }] } } });
  t.is(world.skiff(['load', '-i', join(world.home, 'oci-archive')]).code, 125);
  world.ok('load', '-i', join(world.home, 'docker-archive'));
  world.ok('load', '-i', join(world.home, 'dir'));
});

test("image trust set begins with the policy that applied, and Podman reads what it writes", (t) => {
  if (!requires(t, 'podman')) return;
  const world = makeWorld(t);
  world.ok('image', 'trust', 'set', '-t', 'reject', 'default');
  world.ok('image', 'trust', 'set', '-t', 'accept', 'quay.io/team');
  const file = join(world.home, '.config/containers/policy.json');
  t.is(world.ok('image', 'trust', 'show'), world.run(['podman', 'image', 'trust', 'show', '--policypath', file]).stdout.trimEnd());
  t.deepEqual(JSON.parse(world.ok('image', 'trust', 'show', '--json')), JSON.parse(world.run(['podman', 'image', 'trust', 'show', '--json', '--policypath', file]).stdout));
  t.is(world.ok('image', 'trust', 'show', '--raw'), world.run(['podman', 'image', 'trust', 'show', '--raw', '--policypath', file]).stdout.trimEnd());
  t.is(world.skiff(['image', 'trust', 'set', 'quay.io']).code, 125);
});
