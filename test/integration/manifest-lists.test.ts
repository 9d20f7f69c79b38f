/** Manifest lists from their making to what other tools see of them in a registry. */
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { auditStore } from '../helpers/audit.ts';
import { importBusybox } from '../helpers/images.ts';
import { makeLayer, sha256 } from '../helpers/make-archive.ts';
import { madeImage, madeIndex } from '../helpers/make-image.ts';
import { reach } from '../helpers/pull.ts';
import type { TestRegistry } from '../helpers/registry.ts';
import { pushImage, startRegistry } from '../helpers/registry.ts';
import { requires } from '../helpers/requires.ts';
import { request } from '../helpers/test-request.ts';
import { makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';

interface Entry { mediaType: string; digest: string; size: number; annotations?: Record<string, string>; platform?: Record<string, unknown> }
interface Index { schemaVersion: number; mediaType: string; manifests: Entry[]; annotations?: Record<string, string> }

const inspect = (world: World, ...args: string[]): Index => JSON.parse(world.ok('manifest', 'inspect', ...args)) as Index;

async function remote(registry: TestRegistry, name: string, reference: string): Promise<{ digest: string; index: Index } | undefined> {
  const got = await request(registry, 'GET', `/v2/${name}/manifests/${reference}`, { headers: { accept: 'application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json' } });
  return got.status === 200 ? { digest: `sha256:${sha256(got.body)}`, index: JSON.parse(got.body.toString()) as Index } : undefined;
}

function trusting(world: World): void {
  mkdirSync(join(world.home, '.config', 'containers'), { recursive: true });
  writeFileSync(join(world.home, '.config', 'containers', 'policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}');
}

test('a list is made, filled, annotated, shown, emptied and removed, in Podman\'s words', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'one:1');
  importBusybox(world, 'two:1', { changes: ['LABEL a=b'] });
  t.is(world.skiff(['manifest', 'exists', 'app:1']).code, 1);
  const id = world.ok('manifest', 'create', '--annotation', 'team=red', 'app:1', 'one:1');
  t.regex(id, /^[0-9a-f]{64}$/);
  t.is(world.skiff(['manifest', 'exists', 'app:1']).code, 0);
  t.is(world.skiff(['manifest', 'exists', `localhost/app:1`]).code, 0);
  t.is(world.ok('manifest', 'add', '--os-version', '9', '--features', 'sse4,avx', '--variant', 'v8', '--arch', 'arm64', '--annotation', 'x=1', '--annotation', 'y=a=b', 'app:1', 'two:1'), id);
  const made = inspect(world, 'app:1');
  t.deepEqual([made.schemaVersion, made.mediaType, made.annotations], [2, 'application/vnd.oci.image.index.v1+json', { team: 'red' }]);
  t.deepEqual(made.manifests.map(({ platform }) => platform), [{ architecture: 'amd64', os: 'linux' }, { architecture: 'arm64', os: 'linux', 'os.version': '9', variant: 'v8', features: ['sse4', 'avx'] }]);
  t.deepEqual(made.manifests[1]?.annotations, { x: '1', y: 'a=b' });
  const [one, two] = made.manifests.map(({ digest }) => digest);
  t.is(world.ok('manifest', 'annotate', '--os-features', 'f', '--annotation', 'z=2', 'app:1', String(two)), id);
  t.is(world.ok('manifest', 'annotate', '--variant', 'v2', 'app:1', 'one:1'), id);
  world.ok('manifest', 'annotate', '--index', '--annotation', 'team=blue', 'app:1');
  const annotated = inspect(world, id.slice(0, 12));
  t.deepEqual(annotated.manifests[1]?.platform, { architecture: 'arm64', os: 'linux', 'os.version': '9', 'os.features': ['f'], variant: 'v8', features: ['sse4', 'avx'] });
  t.deepEqual(annotated.manifests[1]?.annotations, { x: '1', y: 'a=b', z: '2' });
  t.is(annotated.manifests[0]?.platform?.['variant'], 'v2');
  t.deepEqual(annotated.annotations, { team: 'blue' });
  t.is(world.ok('manifest', 'remove', 'app:1', String(one)), id);
  t.deepEqual(inspect(world, 'app:1').manifests.map(({ digest }) => digest), [two]);
  t.is(world.ok('manifest', 'rm', 'app:1'), `Untagged: localhost/app:1\nDeleted: ${id}`);
  t.is(world.skiff(['manifest', 'exists', 'app:1']).code, 1);
  t.is(world.ok('images', '-q').split('\n').length, 2, 'the images stay');
  t.deepEqual(auditStore(world), []);
});

test('names are taken once, --amend goes on, and what fails changes nothing', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'one:1');
  const id = world.ok('manifest', 'create', 'app');
  const before = readFileSync(join(world.root, 'skiff', 'lists', `${id}.json`), 'utf8');
  for (const [args, message] of [
    [['create', 'app'], /"localhost\/app:latest" is already associated with image "[0-9a-f]{64}": that name is already in use/], [['create', 'one:1'], /localhost\/one:1" is already associated/],
    [['create', 'Bad'], /lowercase/], [['create', 'x', 'nope.invalid/none'], /nope\.invalid/], [['add', 'app', 'nope.invalid/none'], /add "nope\.invalid\/none"/],
    [['add', 'nope', 'one:1'], /nope: no manifest list/], [['add', '--annotation', 'x', 'app', 'one:1'], /want KEY=VALUE/], [['annotate', 'app', `sha256:${'0'.repeat(64)}`], /not in the list/],
    [['annotate', 'app'], /name the IMAGE/], [['remove', 'app', 'one:1'], /not in the list/], [['push', 'nope', 'oci:x'], /nope: no manifest list/], [['add', 'app', 'docker-daemon:x'], /load it into the store first/],
    [['push', '--add-compression', 'zstd', 'app', 'oci:x'], /add-compression/], [['push', '--sign-by', 'me', 'app', 'oci:x'], /signatures are not made yet/], [['push', 'app', 'docker-archive:x.tar'], /holds one image/],
  ] as const) {
    const done = world.skiff(['manifest', ...args]);
    t.is(done.code, 125, args.join(' '));
    t.regex(done.stderr, message);
  }
  t.is(readFileSync(join(world.root, 'skiff', 'lists', `${id}.json`), 'utf8'), before);
  t.deepEqual(readdirSync(join(world.root, 'skiff', 'lists')), [`${id}.json`]);
  t.is(world.ok('manifest', 'create', '--amend', 'app', 'one:1'), id);
  t.is(world.ok('manifest', 'create', '-a', 'app', 'one:1'), id);
  t.is(inspect(world, 'app').manifests.length, 1);
  t.is(world.skiff(['manifest', 'rm', 'nope', 'app']).code, 1);
  t.is(world.skiff(['manifest', 'exists', 'app']).code, 1);
});

test('images shows lists, rmi takes them, and a name that an image gets is the list\'s no more', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'one:1');
  const id = world.ok('manifest', 'create', 'app:1', 'one:1');
  t.is(world.ok('images', '--format', '{{.Repository}}:{{.Tag}} {{.ID}}', 'app'), `localhost/app:1 ${id.slice(0, 12)}`);
  t.is(world.ok('images', '-q').split('\n').length, 2);
  t.is(world.ok('rmi', 'app:1'), `Untagged: localhost/app:1\nDeleted: ${id}`);
  t.is(world.ok('images', '-q').split('\n').length, 1);
  const second = world.ok('manifest', 'create', 'app:1', 'one:1');
  world.ok('tag', 'one:1', 'app:1');
  t.is(world.skiff(['manifest', 'exists', 'app:1']).code, 1);
  t.is(world.skiff(['manifest', 'exists', second]).code, 0, 'it is there by its id');
  world.ok('manifest', 'create', 'more', 'one:1');
  world.ok('rmi', '--all');
  t.is(world.ok('images', '-q'), '');
  t.deepEqual(readdirSync(join(world.root, 'skiff', 'lists')), []);
  t.is(world.skiff(['rmi', 'app:1']).code, 1);
  t.deepEqual(auditStore(world), []);
});

test('a list stands for its image of this machine: inspect, history, tree, save, create', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const image = importBusybox(world, 'one:1').replace('sha256:', '');
  importBusybox(world, 'two:1', { changes: ['LABEL a=b'] });
  const id = world.ok('manifest', 'create', 'app:1', 'one:1');
  world.ok('manifest', 'add', '--arch', 's390x', 'app:1', 'two:1');
  for (const name of ['app:1', id]) {
    t.is(world.skiff(['image', 'exists', name]).code, 0);
    t.is(world.ok('inspect', '--format', '{{.Id}}', name), image);
    t.is(world.ok('image', 'inspect', '--format', '{{.Id}} {{.RepoTags}}', name), `${image} [localhost/one:1]`);
  }
  t.is(world.ok('history', '-q', '--no-trunc', 'app:1').split('\n')[0], image);
  t.regex(world.ok('image', 'tree', 'app:1'), new RegExp(`^Image ID: ${image.slice(0, 12)}\\n`));
  world.ok('save', '-q', '-o', join(world.home, 'app.tar'), 'app:1');
  const saved = JSON.parse(world.run(['tar', 'xOf', join(world.home, 'app.tar'), 'manifest.json']).stdout) as { Config: string; RepoTags: string[] }[];
  t.deepEqual(saved.map(({ Config, RepoTags }) => [Config, RepoTags]), [[`${image}.json`, ['localhost/app:1']]]);
  world.ok('create', '--pull=never', '--name', 'c', 'app:1', 'true');
  t.is(world.ok('ps', '-a', '--no-trunc', '--format', '{{.Image}} {{.ImageID}}'), `localhost/app:1 ${image}`);
  world.ok('manifest', 'create', 'empty');
  t.is(world.skiff(['image', 'exists', 'empty']).code, 0);
  t.is(world.skiff(['history', 'empty']).stderr, 'Error: no image found in manifest list for architecture amd64, variant "", OS linux: image not known\n');
});

test('lists are tagged, untagged and pruned; an image is none in Podman\'s words', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'one:1');
  const id = world.ok('manifest', 'create', 'app:1', 'one:1');
  const names = (): string[] => world.ok('images', '--no-trunc', '--format', '{{.ID}} {{.Repository}}:{{.Tag}}').split('\n').filter((line) => line.includes(id)).map((line) => line.split(' ')[1] ?? '').toSorted();
  world.ok('tag', 'one:1', 'stolen:1');
  world.ok('tag', 'app:1', 'app:2', 'stolen:1');
  t.deepEqual(names(), ['localhost/app:1', 'localhost/app:2', 'localhost/stolen:1']);
  t.is(world.ok('image', 'inspect', '--format', '{{.RepoTags}}', 'one:1'), '[localhost/one:1]', 'the name is the image\'s no more');
  t.regex(world.skiff(['untag', 'app:1', 'one:1']).stderr, /one:1: tag not known/);
  world.ok('untag', 'app:1', 'app:2');
  t.deepEqual(names(), ['localhost/app:1', 'localhost/stolen:1']);
  for (const args of [['rm', 'one:1'], ['add', 'one:1', 'one:1'], ['push', 'one:1', 'oci:x']]) {
    const done = world.skiff(['manifest', ...args]);
    t.deepEqual([done.code, done.stderr], [125, 'Error: one:1: image is not a manifest list\n']);
  }
  t.is(world.ok('image', 'prune', '-f'), '');
  world.ok('untag', 'app:1');
  t.deepEqual(names(), ['<none>:<none>']);
  t.is(world.ok('image', 'prune', '-f'), id);
  const second = world.ok('manifest', 'create', 'app:1', 'one:1');
  t.is(world.ok('image', 'prune', '-f'), '', 'it has a name');
  t.true(world.ok('image', 'prune', '-a', '-f').split('\n').includes(second));
  t.is(world.ok('images', '-a', '-q'), '');
  t.deepEqual(auditStore(world), []);
});

test('manifest push sends the images with the index; skopeo and skiff read it, TLS and a password in between', async (t) => {
  if (!requires(t, 'userns', 'docker-registry', 'skopeo')) return;
  const registry = await startRegistry(t, { tls: true, auth: true });
  const world = makeWorld(t);
  reach(world, registry);
  trusting(world);
  importBusybox(world, 'one:1');
  importBusybox(world, 'two:1', { changes: ['LABEL a=b'] });
  world.ok('manifest', 'create', 'app:1', 'one:1');
  world.ok('manifest', 'add', '--arch', 'arm64', '--variant', 'v8', 'app:1', 'two:1');
  const file = join(world.home, 'digest');
  const creds = ['--creds', `${registry.user}:${registry.password}`];
  const pushed = world.skiff(['manifest', 'push', ...creds, '--digestfile', file, 'app:1', `docker://${registry.domain}/team/app:1`]);
  t.is(pushed.code, 0, pushed.stderr);
  t.is(pushed.stdout, '');
  const there = await remote(registry, 'team/app', '1');
  t.is(readFileSync(file, 'utf8'), String(there?.digest));
  for (const { digest, size, mediaType } of there?.index.manifests ?? []) {
    const member = await remote(registry, 'team/app', digest);
    t.is(member?.digest, digest);
    t.is(member?.index.mediaType, mediaType);
    t.true(size > 0);
  }
  world.ok('push', '-q', ...creds, 'one:1', `${registry.domain}/team/app:one`);
  t.is((await remote(registry, 'team/app', 'one'))?.digest, there?.index.manifests[0]?.digest, 'the images go as by push: in gzip');
  t.deepEqual(there?.index.manifests.map(({ platform }) => platform), [{ architecture: 'amd64', os: 'linux' }, { architecture: 'arm64', os: 'linux', variant: 'v8' }]);
  t.deepEqual(inspect(world, ...creds, `${registry.domain}/team/app:1`), there?.index);
  t.regex(world.skiff(['manifest', 'inspect', ...creds, `docker://${registry.domain}/team/app@${there?.index.manifests[0]?.digest}`]).stderr, /not a manifest list but a single image/);
  const copied = world.run(['skopeo', 'copy', '-q', '--all', '--src-creds', `${registry.user}:${registry.password}`, '--src-cert-dir', join(world.home, '.config', 'containers', 'certs.d', registry.domain), `docker://${registry.domain}/team/app:1`, `dir:${world.home}/copy`]);
  t.is(copied.code, 0, copied.stderr);
  t.is(`sha256:${sha256(readFileSync(join(world.home, 'copy', 'manifest.json')))}`, String(there?.digest));
  world.ok('rmi', '-a', '-f');
  world.ok('pull', '-q', ...creds, '--platform', 'linux/arm64', `${registry.domain}/team/app:1`);
  t.is((JSON.parse(world.ok('image', 'inspect', `${registry.domain}/team/app:1`)) as { Labels: object }[])[0]?.Labels === null, false, 'the image that was said to be for arm64');
});

test('members of registries and layouts are copied as they are, with --all or the one that fits', async (t) => {
  if (!requires(t, 'userns', 'docker-registry')) return;
  const registry = await startRegistry(t);
  const other = await startRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  reach(world, other);
  const amd = madeImage([makeLayer({ a: 'amd' })], { docker: true });
  const arm = madeImage([makeLayer({ a: 'arm' })], { docker: true, config: (config) => ({ ...config, architecture: 'arm64', variant: 'v8' }) });
  const both = madeIndex([{ image: amd, platform: 'linux/amd64' }, { image: arm, platform: 'linux/arm64/v8' }], { docker: true });
  await pushImage(registry, 'from/both', '1', both);
  const from = `docker://${registry.domain}/from/both:1`;
  world.ok('manifest', 'create', 'fits', from);
  t.deepEqual(inspect(world, 'fits').manifests.map(({ digest }) => digest), [amd.digest]);
  world.ok('manifest', 'create', 'arm');
  world.ok('manifest', 'add', '--arch', 'arm64', 'arm', from);
  t.deepEqual(inspect(world, 'arm').manifests.map(({ digest }) => digest), [arm.digest]);
  t.regex(world.skiff(['manifest', 'add', '--arch', 's390x', 'arm', from]).stderr, /no image for linux\/s390x/);
  world.ok('manifest', 'create', '--all', 'all', from);
  const all = inspect(world, 'all');
  t.is(all.mediaType, 'application/vnd.docker.distribution.manifest.list.v2+json');
  t.deepEqual(all.manifests.map(({ digest, platform }) => [digest, platform]), [[amd.digest, { architecture: 'amd64', os: 'linux' }], [arm.digest, { architecture: 'arm64', os: 'linux', variant: 'v8' }]]);
  // The same registry, another one, a layout; and from the layout into a registry again.
  world.ok('manifest', 'push', '-q', 'all', `${registry.domain}/to/same:1`);
  world.ok('manifest', 'push', '-q', 'all', `${other.domain}/to/other:1`);
  world.ok('manifest', 'push', '-q', 'all', `oci:${world.home}/layout:app`);
  world.ok('manifest', 'push', '-q', 'all', `oci-archive:${world.home}/layout.tar:app`);
  for (const [index, place] of [`oci:${world.home}/layout:app`, `oci-archive:${world.home}/layout.tar`].entries()) {
    world.ok('manifest', 'create', '--all', `again${index}`, place);
    world.ok('manifest', 'push', '-q', '--format', 'v2s2', '--rm', `again${index}`, `${other.domain}/from/layout${index}:1`);
    t.is(world.skiff(['manifest', 'exists', `again${index}`]).code, 1, '--rm');
  }
  const places = [[registry, 'to/same'], [other, 'to/other'], [other, 'from/layout0'], [other, 'from/layout1']] as const;
  for (const [where, name] of places) {
    const there = await remote(where, name, '1');
    t.deepEqual(there?.index, all, name);
    for (const image of [amd, arm]) {
      t.is((await remote(where, name, image.digest))?.digest, image.digest, name);
      for (const bytes of image.blobs) t.is((await request(where, 'HEAD', `/v2/${name}/blobs/sha256:${sha256(bytes)}`)).status, 200, name);
    }
  }
  const told = world.skiff(['manifest', 'push', 'all', `${registry.domain}/to/same:1`]).stderr;
  t.deepEqual(told.split('\n').filter((line) => line.endsWith(': Layer already exists')), [amd, arm].map(({ blobs: [layer = Buffer.alloc(0)] }) => `${sha256(layer).slice(0, 12)}: Layer already exists`), 'a config is no layer');
  const log = registry.log();
  t.regex(log, /POST \/v2\/to\/same\/blobs\/uploads\/\?[^"]*mount=/);
  world.ok('pull', '-q', `${other.domain}/to/other:1`);
  t.is(`sha256:${world.ok('inspect', '--type', 'image', '--format', '{{.Id}}', `${other.domain}/to/other:1`)}`, amd.imageID);
});

test('members of a docker-archive and of a folder as skopeo writes it', async (t) => {
  if (!requires(t, 'userns', 'docker-registry', 'skopeo')) return;
  const registry = await startRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  trusting(world);
  importBusybox(world, 'one:1');
  importBusybox(world, 'two:1', { changes: ['LABEL a=b'] });
  const archive = join(world.home, 'one.tar');
  const folder = join(world.home, 'two');
  world.ok('save', '-q', '-o', archive, 'one:1');
  world.ok('save', '-q', '--format', 'docker-dir', '-o', folder, 'two:1');
  world.ok('save', '-q', '-m', '-o', join(world.home, 'both.tar'), 'one:1', 'two:1');
  world.ok('manifest', 'create', 'app');
  world.ok('manifest', 'add', 'app', `docker-archive:${archive}`);
  world.ok('manifest', 'add', '--arch', 'arm64', 'app', `dir:${folder}`);
  t.regex(world.skiff(['manifest', 'add', 'app', `docker-archive:${world.home}/both.tar`]).stderr, /more than one image in the archive[\s\S]*hint: name one/);
  const [first, second] = inspect(world, 'app').manifests;
  t.is(first?.digest, world.run(['skopeo', 'inspect', '--format', '{{.Digest}}', `docker-archive:${archive}`]).stdout.trim());
  t.is(second?.digest, `sha256:${sha256(readFileSync(join(folder, 'manifest.json')))}`);
  const imageIDs = ['one:1', 'two:1'].map((name) => world.ok('images', '-q', '--no-trunc', name));
  // Both go on from there, whatever becomes of the store.
  world.ok('rmi', '-a', '-f');
  world.ok('manifest', 'create', 'again', `docker-archive:${archive}`);
  world.ok('manifest', 'add', '--arch', 'arm64', 'again', `dir:${folder}`);
  world.ok('manifest', 'push', '-q', 'again', `${registry.domain}/team/app:1`);
  world.ok('manifest', 'push', '-q', 'again', `dir:${world.home}/list`);
  const there = (await remote(registry, 'team/app', '1'))?.index.manifests ?? [];
  t.is(there[1]?.digest, second?.digest);
  for (const [at, platform] of ['linux/amd64', 'linux/arm64'].entries()) {
    world.ok('pull', '-q', '--platform', platform, `${registry.domain}/team/app:1`);
    t.is(world.ok('images', '-q', '--no-trunc', `${registry.domain}/team/app:1`), String(imageIDs[at]));
  }
  const sent = (await remote(registry, 'team/app', String(there[0]?.digest)))?.index as unknown as { layers: { mediaType: string }[] };
  t.deepEqual(sent.layers.map(({ mediaType }) => mediaType), ['application/vnd.docker.image.rootfs.diff.tar.gzip']);
  world.ok('manifest', 'create', '--all', 'fromlist', `dir:${world.home}/list`);
  t.deepEqual(inspect(world, 'fromlist').manifests.map(({ digest }) => digest), there.map(({ digest }) => digest));
  world.ok('manifest', 'push', '-q', 'fromlist', `${registry.domain}/team/app:2`);
});

test('--all=false sends the index alone, and a registry that wants the images says so', async (t) => {
  if (!requires(t, 'userns', 'docker-registry')) return;
  const registry = await startRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  importBusybox(world, 'one:1');
  world.ok('manifest', 'create', 'app:1', 'one:1');
  const alone = world.skiff(['manifest', 'push', '--all=false', 'app:1', `${registry.domain}/a/app:1`]);
  t.is(alone.code, 125);
  t.regex(alone.stderr, /MANIFEST_BLOB_UNKNOWN|unknown/i);
  world.ok('manifest', 'push', '-q', 'app:1', `${registry.domain}/a/app:1`);
  const [entry] = (await remote(registry, 'a/app', '1'))?.index.manifests ?? [];
  world.ok('manifest', 'create', 'again:1', `docker://${registry.domain}/a/app@${entry?.digest}`);
  world.ok('manifest', 'push', '-q', '--all=false', 'again:1', `${registry.domain}/a/app:2`);
  t.is((await remote(registry, 'a/app', '2'))?.digest, (await remote(registry, 'a/app', '1'))?.digest);
});

test('push of a list\'s name is manifest push; an image that has gone is named', async (t) => {
  if (!requires(t, 'userns', 'docker-registry')) return;
  const registry = await startRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  importBusybox(world, 'one:1');
  const name = `${registry.domain}/team/app:1`;
  world.ok('manifest', 'create', name, 'one:1');
  world.ok('push', name);
  t.is((await remote(registry, 'team/app', '1'))?.index.mediaType, 'application/vnd.oci.image.index.v1+json');
  world.ok('rmi', 'one:1');
  const failed = world.skiff(['manifest', 'push', name]);
  t.is(failed.code, 125);
  t.regex(failed.stderr, /push image sha256:.*not in the store[\s\S]*hint: .*manifest remove/);
  t.true(existsSync(join(world.root, 'skiff', 'lists')));
});
