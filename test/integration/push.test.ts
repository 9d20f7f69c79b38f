/** Pushes, as users do them: to Debian's docker-registry, to folders and archives, and to a registry of our own where something has to go wrong. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { join } from 'node:path';
import test from 'ava';
import { auditStore } from '../helpers/audit.ts';
import { startFaultRegistry } from '../helpers/fault-registry.ts';
import { bend, reset, send, status, tooMany } from '../helpers/faults.ts';
import { importBusybox } from '../helpers/images.ts';
import { makeImage, makeLayer, makeTar, ociMembers, ociParts, sha256 } from '../helpers/make-archive.ts';
import { dockerTypes, madeImage } from '../helpers/make-image.ts';
import { reach, skiffBeside } from '../helpers/pull.ts';
import type { TestRegistry } from '../helpers/registry.ts';
import { pushImage, startRegistry } from '../helpers/registry.ts';
import { requires } from '../helpers/requires.ts';
import { request } from '../helpers/test-request.ts';
import { makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';

interface Document { mediaType: string; config: { digest: string; mediaType: string }; layers: { digest: string; mediaType: string; size: number }[] }

const big = (seed: number): string => Array.from({ length: 40_000 }, (_, at) => (Math.imul(at + seed, 2_654_435_761) >>> 0).toString(36)).join('\n');
const threeLayers = [makeLayer({ 'a.txt': big(1) }), makeLayer({ 'b.txt': big(2) }), makeLayer({ 'c.txt': 'small' })];
const three = madeImage(threeLayers);

/** What the registry has under a name, as it is. */
async function rawManifest(registry: TestRegistry, name: string, reference: string): Promise<{ digest: string; document: Document; mediaType: string }> {
  const got = await request(registry, 'GET', `/v2/${name}/manifests/${reference}`, { headers: { accept: '*/*, application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.v2+json' } });
  if (got.status !== 200) throw new Error(`GET ${name}:${reference}: ${got.status} ${got.body.toString()}`);
  return { digest: `sha256:${sha256(got.body)}`, document: JSON.parse(got.body.toString()) as Document, mediaType: String(got.headers['content-type']) };
}

/** Where the registry's log ends, once everything is in it that was answered before. */
async function mark(registry: TestRegistry): Promise<number> {
  const sign = `/v2/sign/${randomUUID()}`;
  await request(registry, 'GET', sign);
  while (!registry.log().includes(sign)) await new Promise((resolve) => { setImmediate(resolve); });
  return registry.log().length;
}

/** Requests that the registry has answered since `from`, in its order. */
async function requestsSince(registry: TestRegistry, from: number): Promise<string[]> {
  const to = await mark(registry);
  return [...registry.log().slice(from, to).matchAll(/"((?:GET|HEAD|POST|PATCH|PUT|DELETE) \/v2\/[^ ]*) HTTP\/1\.1" (\d+)/g)].map(([, line, code]) => `${line} ${code}`);
}

const uploads = (lines: readonly string[]): string[] => lines.filter((line) => line.startsWith('PATCH ') || (line.startsWith('PUT ') && line.includes('/blobs/')));
const imageID = (world: World, name: string): string => world.ok('inspect', '--type', 'image', '--format', '{{.Id}}', name);

/** The image of three layers as localhost/app:1. */
function loadThree(world: World): void {
  const file = join(world.home, 'image.tar');
  writeFileSync(file, makeTar(ociMembers(ociParts(makeImage(threeLayers), 'localhost/app:1'))));
  world.ok('load', '-q', '-i', file);
}

test('an image that came by two manifests is pushed by the one that is named; names that are given keep it', async (t) => {
  if (!requires(t, 'userns', 'docker-registry')) return;
  const registry = await startRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  const zstd = madeImage(threeLayers, { pack: (tar) => ({ bytes: execFileSync('zstd', ['-c'], { input: tar }), mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd' }) });
  await pushImage(registry, 'mk/gz', '1', three);
  await pushImage(registry, 'mk/zs', '1', zstd);
  const to = async (path: string): Promise<string> => (await rawManifest(registry, path, '1')).digest;
  const [gz, zs] = ['gz', 'zs'].map((path) => `${registry.domain}/mk/${path}`) as [string, string];
  world.ok('pull', '-q', `${gz}:1`);
  world.ok('pull', '-q', `${zs}:1`);
  const from = await mark(registry);
  world.ok('push', '-q', `${zs}:1`, `${registry.domain}/to/zs:1`);
  world.ok('push', '-q', `${gz}:1`, `${registry.domain}/to/gz:1`);
  t.deepEqual([await to('to/zs'), await to('to/gz')], [zstd.digest, three.digest]);
  t.deepEqual(uploads(await requestsSince(registry, from)), [], 'everything was mounted');
  world.ok('tag', `${gz}:1`, `${registry.domain}/to/tagged:1`);
  world.ok('push', '-q', `${registry.domain}/to/tagged:1`);
  t.is(await to('to/tagged'), three.digest);
  world.ok('manifest', 'create', 'list', `${gz}:1`);
  world.ok('manifest', 'push', '-q', 'list', `${registry.domain}/to/list:1`);
  const { document } = await rawManifest(registry, 'to/list', '1');
  t.is((document as unknown as { manifests: { digest: string }[] }).manifests[0]?.digest, three.digest);
  world.ok('rmi', '-a', '-f');
  world.ok('pull', '-q', `${gz}@${three.digest}`);
  world.ok('pull', '-q', `${zs}:1`);
  world.ok('push', '-q', `${gz}@${three.digest}`, `${registry.domain}/to/digest:1`);
  t.is(await to('to/digest'), three.digest);
  world.ok('rmi', '-a', '-f');
  t.deepEqual(auditStore(world), []);
});

test('a layer that was there when it came from a second registry is taken over there', async (t) => {
  if (!requires(t, 'userns', 'docker-registry')) return;
  const [first, second] = [await startRegistry(t), await startRegistry(t)];
  const world = makeWorld(t);
  for (const registry of [first, second]) {
    reach(world, registry);
    await pushImage(registry, 'mk/base', '1', three);
    world.ok('pull', '-q', `${registry.domain}/mk/base:1`);
  }
  world.ok('create', '--name', 'c', `${second.domain}/mk/base:1`, '/none');
  world.ok('commit', '-q', 'c', 'derived:1');
  const { stderr } = world.skiff(['push', 'derived:1', `${second.domain}/to/derived:1`]);
  t.is(stderr.split('\n').filter((line) => line.endsWith(': Mounted from mk/base')).length, 3, stderr);
});

test('what an earlier push chose is not what the next one does', async (t) => {
  if (!requires(t, 'userns', 'docker-registry')) return;
  const registry = await startRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  importBusybox(world, 'app:1');
  const layers = async (reference: string): Promise<string[]> => (await rawManifest(registry, 'team/app', reference)).document.layers.map(({ mediaType }) => mediaType.replace(/^.*tar/, 'tar'));
  for (const format of ['none', 'zstd']) {
    world.ok('push', '-q', '--compression-format', format, 'app:1', `${registry.domain}/team/app:${format}`);
    world.ok('push', '-q', 'app:1', `${registry.domain}/team/app:plain`);
    t.deepEqual([await layers(format), await layers('plain')], [[format === 'none' ? 'tar' : 'tar+zstd'], ['tar+gzip']], format);
  }
  world.ok('push', '-q', '--format', 'v2s2', 'app:1', `${registry.domain}/team/app:docker`);
  world.ok('push', '-q', '--compression-format', 'none', 'app:1', `${registry.domain}/team/app:none`);
  world.ok('push', '-q', 'app:1', `${registry.domain}/team/app:plain`);
  t.is((await rawManifest(registry, 'team/app', 'plain')).mediaType, 'application/vnd.oci.image.manifest.v1+json');
  // Who received it in zstd goes on so, and what is made upon it leaves that layer as it is.
  world.ok('rmi', '-a', '-f');
  world.ok('pull', '-q', `${registry.domain}/team/app:zstd`);
  world.ok('create', '--name', 'c', `${registry.domain}/team/app:zstd`, 'true');
  world.ok('commit', '-q', 'c', 'derived:1');
  for (const tag of ['derived', 'again']) {
    world.ok('push', '-q', 'derived:1', `${registry.domain}/team/app:${tag}`);
    t.deepEqual(await layers(tag), ['tar+zstd', 'tar+gzip'], tag);
  }
});

test('push prints a line a layer on stderr, nothing on stdout, and the digest into a file; TLS and a password', async (t) => {
  if (!requires(t, 'userns', 'docker-registry')) return;
  const registry = await startRegistry(t, { tls: true, auth: true });
  const world = makeWorld(t);
  importBusybox(world, 'app:1');
  const to = `${registry.domain}/team/app:2`;
  t.regex(world.skiff(['push', 'app:1', to]).stderr, /^Error: push "app:1" to ".*": .*unknown authority/m);
  reach(world, registry);
  const refused = world.skiff(['push', '-q', 'app:1', to]);
  t.is(refused.code, 125);
  t.regex(refused.stderr, /401|UNAUTHORIZED/);
  const file = join(world.home, 'digest');
  const pushed = world.skiff(['push', '--creds', `${registry.user}:${registry.password}`, '--digestfile', file, 'app:1', to]);
  t.is(pushed.code, 0, pushed.stderr);
  t.is(pushed.stdout, '');
  const there = await rawManifest(registry, 'team/app', '2');
  t.is(readFileSync(file, 'utf8'), there.digest);
  t.is(there.document.config.digest, `sha256:${imageID(world, 'app:1')}`);
  t.regex(pushed.stderr, new RegExp(`^The push refers to repository \\[${registry.domain}/team/app\\]\n[0-9a-f]{12}: Pushed\n2: digest: ${there.digest} size: \\d+\n$`));
  t.is(world.skiff(['push', '-q', '--creds', `${registry.user}:${registry.password}`, 'app:1', to]).stderr, '');
  world.ok('login', '-u', String(registry.user), '-p', String(registry.password), registry.domain);
  world.ok('tag', 'app:1', `${registry.domain}/team/app:3`);
  world.ok('push', `${registry.domain}/team/app:3`);
  t.is((await rawManifest(registry, 'team/app', '3')).digest, there.digest, 'without a destination the name says it');
  t.deepEqual(auditStore(world), []);
});

test('a second push sends nothing, and another repository of the registry takes the layers over', async (t) => {
  if (!requires(t, 'userns', 'docker-registry')) return;
  const registry = await startRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  importBusybox(world, 'app:1');
  world.ok('push', 'app:1', `${registry.domain}/one/app:1`);
  t.is(uploads(await requestsSince(registry, 0)).length, 4, 'a layer and a config');
  let from = await mark(registry);
  const again = world.skiff(['push', 'app:1', `${registry.domain}/one/app:1`]);
  t.regex(again.stderr, /^[0-9a-f]{12}: Layer already exists$/m);
  t.deepEqual(uploads(await requestsSince(registry, from)), []);
  from = await mark(registry);
  const mounted = world.skiff(['push', 'app:1', `${registry.domain}/two/copy:1`]);
  t.regex(mounted.stderr, /^[0-9a-f]{12}: Mounted from one\/app$/m);
  const lines = await requestsSince(registry, from);
  t.true(lines.some((line) => /^POST \/v2\/two\/copy\/blobs\/uploads\/\?.*mount=sha256/.test(line) && line.endsWith(' 201')), lines.join('\n'));
  t.deepEqual(uploads(lines), [], 'nor is the config sent');
  t.is((await rawManifest(registry, 'two/copy', '1')).digest, (await rawManifest(registry, 'one/app', '1')).digest);
});

test('what was pulled keeps its manifest, to the byte, in a new tag and in a new repository', async (t) => {
  if (!requires(t, 'userns', 'docker-registry')) return;
  const registry = await startRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  const docker = madeImage([makeLayer({ x: big(3) })], { docker: true });
  const plain = madeImage([makeLayer({ y: big(4) })], { pack: (tar) => ({ bytes: tar, mediaType: 'application/vnd.oci.image.layer.v1.tar' }) });
  for (const [name, image] of [['oci', three], ['docker', docker], ['plain', plain]] as const) {
    await pushImage(registry, `from/${name}`, 'latest', image);
    world.ok('pull', '-q', `${registry.domain}/from/${name}`);
    const from = await mark(registry);
    world.ok('push', '-q', `${registry.domain}/from/${name}`, `${registry.domain}/to/${name}:new`);
    const there = await rawManifest(registry, `to/${name}`, 'new');
    t.is(there.digest, image.digest, name);
    t.is(there.mediaType, image.mediaType);
    t.deepEqual(uploads(await requestsSince(registry, from)), [], `${name}: nothing was sent but the manifest`);
  }
  const other = await startRegistry(t);
  reach(world, other);
  world.ok('push', '-q', `${registry.domain}/from/plain`, `${other.domain}/to/plain`);
  t.is((await rawManifest(other, 'to/plain', 'latest')).digest, plain.digest, 'a plain layer comes out of the store with its bytes');
  world.ok('push', '-q', `${registry.domain}/from/oci`, `${other.domain}/to/oci`);
  t.is((await rawManifest(other, 'to/oci', 'latest')).document.config.digest, three.imageID, 'layers that are packed anew have the same config');
  t.is(world.ok('inspect', '--type', 'image', '--format', '{{.Digest}}', `${registry.domain}/from/oci`), three.digest, 'and the image shows what it was pulled with');
});

test('--compression-format, --compression-level, --force-compression and --format do what they say', async (t) => {
  if (!requires(t, 'userns', 'docker-registry')) return;
  const registry = await startRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  importBusybox(world, 'app:1');
  const push = async (tag: string, ...flags: string[]): Promise<Document> => {
    world.ok('push', '-q', ...flags, 'app:1', `${registry.domain}/a/app:${tag}`);
    return (await rawManifest(registry, 'a/app', tag)).document;
  };
  const gzip = await push('gzip');
  t.deepEqual([gzip.mediaType, gzip.layers[0]?.mediaType], ['application/vnd.oci.image.manifest.v1+json', 'application/vnd.oci.image.layer.v1.tar+gzip']);
  const any9 = await push('any9', '--compression-level', '9', '--force-compression=false');
  const nine = await push('nine', '--compression-format', 'gzip', '--compression-level', '9', '--force-compression');
  const one = await push('one', '--compression-level', '1');
  const nineAgain = world.skiff(['push', '--compression-level', '9', 'app:1', `${registry.domain}/a/app:nine-again`]);
  t.true((nine.layers[0]?.size ?? 0) < (one.layers[0]?.size ?? 0), 'each level has its own bytes');
  t.is((await rawManifest(registry, 'a/app', 'nine-again')).document.layers[0]?.digest, nine.layers[0]?.digest);
  t.regex(nineAgain.stderr, /Layer already exists/, 'and what is there with the very bytes is not sent');
  t.true([gzip, nine, one].some(({ layers }) => layers[0]?.digest === any9.layers[0]?.digest), 'with --force-compression=false whatever is there will do');
  const zstd = await push('zstd', '--compression-format', 'zstd');
  t.is(zstd.layers[0]?.mediaType, 'application/vnd.oci.image.layer.v1.tar+zstd');
  const none = await push('none', '--compression-format', 'none');
  t.is(none.layers[0]?.mediaType, 'application/vnd.oci.image.layer.v1.tar');
  t.is(none.layers[0]?.digest, JSON.parse(world.ok('image', 'inspect', 'app:1'))[0].RootFS.Layers[0]);
  const any = await push('any', '--compression-format', 'zstd', '--force-compression=false');
  t.true([gzip, zstd, none].some(({ layers }) => layers[0]?.digest === any.layers[0]?.digest), 'whatever is there will do');
  const docker = await push('docker', '--format', 'v2s2', '--compression-format', 'gzip');
  t.deepEqual([docker.mediaType, docker.config.mediaType, docker.layers[0]?.mediaType], [dockerTypes.manifest, dockerTypes.config, dockerTypes.gzip]);
  t.is(docker.config.digest, gzip.config.digest);
  for (const tag of ['gzip', 'zstd', 'none', 'any', 'docker']) {
    world.ok('rmi', '-f', 'app:1');
    world.ok('pull', '-q', `${registry.domain}/a/app:${tag}`);
    world.ok('tag', `${registry.domain}/a/app:${tag}`, 'app:1');
    t.is(`sha256:${imageID(world, 'app:1')}`, gzip.config.digest, tag);
    world.ok('untag', 'app:1', `${registry.domain}/a/app:${tag}`);
  }
  for (const [flags, message] of [
    [['--compression-format', 'zstd', '--format', 'v2s2'], /zstd needs --format oci/], [['--compression-level', '12'], /gzip has the levels 1 to 9/],
    [['--sign-by', 'me'], /sign-by.*signatures are not made yet/s], [['--compression-format', 'xz'], /compression-format/],
  ] as const) {
    const done = world.skiff(['push', ...flags, 'app:1', `${registry.domain}/a/app:x`]);
    t.is(done.code, 125);
    t.regex(done.stderr, message);
  }
});

test('skopeo and Podman pull what skiff pushes, with the same digest, and skiff what they push', async (t) => {
  if (!requires(t, 'userns', 'docker-registry', 'skopeo')) return;
  const registry = await startRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  const id = importBusybox(world, 'app:1', { changes: ['CMD ["/bin/true"]'] });
  const policy = join(world.home, '.config', 'containers', 'policy.json');
  writeFileSync(policy, '{"default":[{"type":"insecureAcceptAnything"}]}');
  const skopeo = (...args: string[]): string => {
    const done = world.run(['skopeo', ...args]);
    t.is(done.code, 0, `skopeo ${args.join(' ')}: ${done.stderr}`);
    return done.stdout;
  };
  for (const [tag, flags] of [['gzip', []], ['zstd', ['--compression-format', 'zstd']], ['docker', ['--format', 'v2s2', '--compression-format', 'gzip']]] as const) {
    const digest = join(world.home, `digest-${tag}`);
    world.ok('push', '-q', ...flags, '--digestfile', digest, 'app:1', `${registry.domain}/s/app:${tag}`);
    skopeo('copy', '-q', '--src-tls-verify=false', `docker://${registry.domain}/s/app:${tag}`, `dir:${world.home}/dir-${tag}`);
    t.is(`sha256:${sha256(readFileSync(join(world.home, `dir-${tag}`, 'manifest.json')))}`, readFileSync(digest, 'utf8'));
    // The reverse: skopeo sends the folder that it got under another name, byte for byte, and skiff pulls it.
    skopeo('copy', '-q', '--dest-tls-verify=false', `dir:${world.home}/dir-${tag}`, `docker://${registry.domain}/back/app:${tag}`);
    world.ok('rmi', '-f', 'app:1');
    world.ok('pull', '-q', `${registry.domain}/back/app:${tag}`);
    t.is(`sha256:${imageID(world, `${registry.domain}/back/app:${tag}`)}`, id);
    t.is(world.ok('inspect', '--type', 'image', '--format', '{{.Digest}}', `${registry.domain}/back/app:${tag}`), readFileSync(digest, 'utf8'));
    world.ok('tag', `${registry.domain}/back/app:${tag}`, 'app:1');
    world.ok('untag', 'app:1', `${registry.domain}/back/app:${tag}`);
  }
  if (requires(t, 'podman')) {
    const podman = (...args: string[]): string => {
      const done = world.run(['podman', '--storage-driver', 'vfs', ...args]);
      t.is(done.code, 0, `podman ${args.join(' ')}: ${done.stderr}`);
      return done.stdout.trim();
    };
    t.is(podman('pull', '-q', '--tls-verify=false', `${registry.domain}/s/app:gzip`), id.slice(7));
    podman('push', '-q', '--tls-verify=false', '--digestfile', join(world.home, 'podman-digest'), id.slice(7), `${registry.domain}/p/app:1`);
    world.ok('pull', '-q', `${registry.domain}/p/app:1`);
    t.is(world.ok('inspect', '--type', 'image', '--format', '{{.Digest}}', `${registry.domain}/p/app:1`), readFileSync(join(world.home, 'podman-digest'), 'utf8'));
    const gone = world.run(['podman', '--storage-driver', 'vfs', 'unshare', 'rm', '-rf', join(world.home, '.local', 'share', 'containers')]);
    t.is(gone.code, 0, gone.stderr);
  }
});

test('push to oci:, oci-archive:, dir: and docker-archive: gives what skopeo reads, with the digest that was said', (t) => {
  if (!requires(t, 'userns', 'skopeo')) return;
  const world = makeWorld(t);
  const id = importBusybox(world, 'app:1');
  mkdirSync(join(world.home, '.config', 'containers'), { recursive: true });
  writeFileSync(join(world.home, '.config', 'containers', 'policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}');
  const file = join(world.home, 'digest');
  for (const place of [`oci:${world.home}/layout:one`, `oci:${world.home}/layout:two`, `oci-archive:${world.home}/oci.tar:x/y:1`, `dir:${world.home}/dir`, `docker-archive:${world.home}/docker.tar:team/app:1`]) {
    const done = world.skiff(['push', '--digestfile', file, 'app:1', place]);
    t.is(done.code, 0, done.stderr);
    t.is(done.stdout, '');
    const read = world.run(['skopeo', 'inspect', '--raw', place]);
    t.is(read.code, 0, `${place}: ${read.stderr}`);
    // A docker-archive has no manifest: it is the one that skopeo makes of it.
    const digest = `sha256:${sha256(read.stdoutBytes)}`;
    t.is(readFileSync(file, 'utf8'), digest, place);
    t.regex(done.stderr, new RegExp(`^[0-9a-f]{12}: Written(?: already)?\\ndigest: ${digest} size: ${read.stdoutBytes.length}\\n$`), place);
    t.is((JSON.parse(read.stdout) as Document).config.digest, id, place);
  }
  const names = (JSON.parse(readFileSync(join(world.home, 'layout', 'index.json'), 'utf8')) as { manifests: { annotations: Record<string, string> }[] }).manifests.map(({ annotations }) => annotations['org.opencontainers.image.ref.name']);
  t.deepEqual(names, ['one', 'two']);
  const before = readFileSync(join(world.home, 'docker.tar'));
  t.regex(world.skiff(['push', 'app:1', `docker-archive:${world.home}/docker.tar:team/app:2`]).stderr, /exists already/);
  t.deepEqual(readFileSync(join(world.home, 'docker.tar')), before);
  t.regex(world.skiff(['push', '--format', 'v2s2', 'app:1', `oci:${world.home}/other`]).stderr, /can't hold the format v2s2/);
  world.ok('rmi', 'app:1');
  t.regex(world.ok('pull', '-q', `oci:${world.home}/layout:two`), new RegExp(id.slice(7)));
  for (const nonsense of ['containers-storage:app', 'oci:', 'dir:']) t.is(world.skiff(['push', 'app:1', nonsense]).code, 125);
  t.deepEqual(auditStore(world), []);
});

test('push to oci: leaves blobs that are there, and mends those that are damaged', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'app:1');
  const place = join(world.home, 'layout');
  world.ok('push', '-q', 'app:1', `oci:${place}:one`);
  const folder = join(place, 'blobs', 'sha256');
  const inodes = (): Record<string, number> => Object.fromEntries(readdirSync(folder).map((name) => [name, statSync(join(folder, name)).ino]));
  const before = inodes();
  t.is(Object.keys(before).length, 3);
  t.regex(world.skiff(['push', 'app:1', `oci:${place}:two`]).stderr, /: Written already\n/);
  const after = inodes();
  for (const [name, inode] of Object.entries(before)) t.is(after[name], inode, name);
  const [largest = ''] = Object.keys(before).toSorted((a, b) => statSync(join(folder, b)).size - statSync(join(folder, a)).size);
  const bytes = readFileSync(join(folder, largest));
  writeFileSync(join(folder, largest), Buffer.alloc(bytes.length));
  world.ok('push', '-q', 'app:1', `oci:${place}:one`);
  t.true(readFileSync(join(folder, largest)).equals(bytes), 'of the right size, and other bytes');
  world.ok('push', '-q', '--compression-level', '9', 'app:1', `oci:${place}:nine`);
  t.is(readdirSync(folder).length, 5, 'another layer and its manifest');
});

test('push to dir: overwrites an image, and nothing else', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'app:1');
  const folder = join(world.home, 'mine');
  mkdirSync(folder);
  world.ok('push', '-q', 'app:1', `dir:${folder}`);
  world.ok('push', '-q', 'app:1', `dir:${folder}`);
  const other = join(world.home, 'other');
  mkdirSync(other);
  writeFileSync(join(other, 'diary'), 'dear');
  for (const command of [['push', 'app:1', `dir:${other}`], ['save', '--format', 'docker-dir', '-o', other, 'app:1']]) {
    const done = world.skiff(command);
    t.is(done.code, 125);
    t.regex(done.stderr, /write ".*\/other": not a containers image directory, don't want to overwrite important data/);
  }
  t.deepEqual(readdirSync(other), ['diary']);
});

test('a place where nothing can be made is an error', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'app:1');
  for (const command of [['push', 'app:1', 'oci:/proc/x'], ['push', 'app:1', 'dir:/proc/x'], ['save', '--format', 'oci-dir', '-o', '/proc/x', 'app:1']]) {
    const done = world.skiff(command, { timeoutMs: 20_000 });
    t.is(done.code, 125, command.join(' '));
    t.regex(done.stderr, /write "\/proc\/x": mkdir "\/proc\/x.*": no such file or directory/);
  }
});

test('docker-daemon: gets a docker-archive over its socket; what the daemon complains of is the error', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'app:1');
  const socket = join(world.dir, 'docker.sock');
  const bodies: Buffer[] = [];
  let answer = '{"stream":"Loaded image"}';
  const server = createServer((incoming, response) => {
    const pieces: Buffer[] = [];
    incoming.on('data', (piece: Buffer) => pieces.push(piece));
    incoming.on('end', () => {
      bodies.push(Buffer.concat(pieces));
      response.end(answer);
    });
  });
  await new Promise<void>((done) => { server.listen(socket, done); });
  t.teardown(() => new Promise<void>((done) => { server.close(() => done()); }));
  const env = { DOCKER_HOST: `unix://${socket}` };
  const pushed = await skiffBeside(world, ['push', 'app:1', 'docker-daemon:team/app:3'], env);
  t.is(pushed.code, 0, pushed.stderr);
  const archive = join(world.home, 'sent.tar');
  writeFileSync(archive, bodies[0] ?? '');
  t.is(world.ok('load', '-q', '-i', archive), 'Loaded image: docker.io/team/app:3', 'a name means there what it means to Docker');
  answer = '{"errorDetail":{"message":"no space left"},"error":"no space left"}';
  const failed = await skiffBeside(world, ['push', 'app:1', 'docker-daemon:team/app:3'], env);
  t.is(failed.code, 125);
  t.regex(failed.stderr, /Docker daemon at ".*docker\.sock": no space left/);
  t.regex((await skiffBeside(world, ['push', 'app:1', 'docker-daemon:a:1'], { DOCKER_HOST: 'tcp://1.2.3.4:5' })).stderr, /only a daemon behind unix:\/\//);
});

test('an upload that is cut, a 429 and a 503 are tried again', async (t) => {
  if (!requires(t, 'userns')) return;
  const registry = await startFaultRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  loadThree(world);
  registry.on(/^PATCH /, reset(), 1);
  registry.on(/^POST .*\/blobs\/uploads\//, tooMany('1'), 1);
  registry.on(/^HEAD .*\/blobs\//, status(503), 1);
  registry.on(/^PUT .*\/manifests\//, tooMany('0'), 1);
  const done = await skiffBeside(world, ['push', 'app:1', `${registry.domain}/a/b:1`]);
  t.is(done.code, 0, done.stderr);
  const kept = registry.manifests.get('a/b:1');
  const document = JSON.parse(String(kept?.raw)) as Document;
  t.is(document.config.digest, three.imageID);
  for (const { digest, size } of document.layers) t.is(registry.blobs.get(digest)?.length, size);
});

test('a registry that stays out of order fails the push by name, once, and leaves no tag', async (t) => {
  if (!requires(t, 'userns')) return;
  const registry = await startFaultRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  loadThree(world);
  const take = registry.on(/^PATCH /, status(500));
  const failed = await skiffBeside(world, ['push', '--retry', '1', 'app:1', `${registry.domain}/a/b:1`]);
  take();
  t.is(failed.code, 125);
  t.is(failed.stderr.split('\n').filter((line) => line.startsWith('Error: ')).length, 1, failed.stderr);
  t.regex(failed.stderr, /^Error: push "app:1" to ".*": send layer [0-9a-f]{12}: PATCH .*500/m);
  t.is(registry.manifests.size, 0);
  t.deepEqual(auditStore(world), []);
});

test('a registry that confirms another digest is not believed', async (t) => {
  if (!requires(t, 'userns')) return;
  const registry = await startFaultRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  loadThree(world);
  const lie = bend((answer) => ({ ...answer, headers: { ...answer.headers, 'docker-content-digest': `sha256:${'0'.repeat(64)}` } }));
  const take = registry.on(/^PUT .*\/manifests\//, lie);
  const manifest = await skiffBeside(world, ['push', '-q', 'app:1', `${registry.domain}/a/b:1`]);
  take();
  t.is(manifest.code, 125);
  t.regex(manifest.stderr, /manifest 1 as stored by localhost:\d+ has digest sha256:0{64}, expected sha256:(?!0{64})[0-9a-f]{64}/);
  const other = await startFaultRegistry(t);
  reach(world, other);
  other.on(/^PUT .*\/blobs\//, lie);
  const blob = await skiffBeside(world, ['push', '-q', 'app:1', `${other.domain}/c/d:1`]);
  t.is(blob.code, 125);
  t.regex(blob.stderr, /stored "sha256:0{64}"/);
  t.is(other.manifests.size, 0);
});

test('a token that expires in the middle of a push is asked for anew', async (t) => {
  if (!requires(t, 'userns')) return;
  const registry = await startFaultRegistry(t, { auth: 'bearer', users: { me: 'secret' }, expiresIn: 60 });
  const world = makeWorld(t);
  reach(world, registry);
  loadThree(world);
  // After the first upload every token that was given out is void.
  registry.on(/^PUT .*\/blobs\//, async (exchange) => {
    const right = await exchange.answer();
    registry.tokens.clear();
    send(exchange, right);
  }, 1);
  const done = await skiffBeside(world, ['push', '--creds', 'me:secret', 'app:1', `${registry.domain}/a/b:1`]);
  t.is(done.code, 0, done.stderr);
  t.true(registry.count(/^GET \/token/) >= 2);
  t.true(registry.manifests.has('a/b:1'));
});

test('a mount that is refused is an upload', async (t) => {
  if (!requires(t, 'userns')) return;
  const registry = await startFaultRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  loadThree(world);
  t.is((await skiffBeside(world, ['push', '-q', 'app:1', `${registry.domain}/a/one:1`])).code, 0);
  registry.on(/^HEAD .*\/a\/two\/blobs\//, status(404));
  registry.on(/mount=/, status(403, { error: 'DENIED' }));
  const done = await skiffBeside(world, ['push', 'app:1', `${registry.domain}/a/two:1`]);
  t.is(done.code, 0, done.stderr);
  t.is(done.stderr.split('\n').filter((line) => line.endsWith(': Pushed')).length, 3);
});

test('what can\'t be pushed is refused before a registry is asked', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const id = importBusybox(world, 'app:1');
  for (const [args, message] of [
    [['nope'], /nope: image not known/], [[id.slice(7, 19)], /an id says no destination/], [['app:1', 'Bad/Name'], /lowercase/],
    [['app:1', `localhost:1/x@sha256:${'0'.repeat(64)}`], /digest reference/], [['app:1', 'docker://'], /invalid image location/],
  ] as const) {
    const done = world.skiff(['push', ...args]);
    t.is(done.code, 125);
    t.regex(done.stderr, message);
  }
  t.false(existsSync(join(world.home, '.config', 'containers')));
});
