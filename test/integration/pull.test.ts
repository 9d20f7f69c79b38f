/** Pulls, as users do them: from Debian's docker-registry where it can do what is asked, beside a registry of our own where it must count or fail. */
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { auditStore } from '../helpers/audit.ts';
import { until } from '../helpers/deadline.ts';
import { startFaultRegistry } from '../helpers/fault-registry.ts';
import { cutBody, noRanges, stall, trickle } from '../helpers/faults.ts';
import { busyboxRootfs, tarOf } from '../helpers/images.ts';
import { makeLayer, sha256 } from '../helpers/make-archive.ts';
import { madeImage, madeIndex } from '../helpers/make-image.ts';
import { blobFiles, layerDigest, reach, skiffBeside } from '../helpers/pull.ts';
import { pushImage, startRegistry } from '../helpers/registry.ts';
import { requires } from '../helpers/requires.ts';
import { makeWorld } from '../helpers/world.ts';
import type { Running, World } from '../helpers/world.ts';

/** Bytes that don't compress, the same each time. */
function noise(length: number, seed = 1): string {
  let state = seed;
  let text = '';
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    text += String.fromCharCode(33 + ((state >>> 16) % 90));
  }
  return text;
}

const small = madeImage([makeLayer({ 'a.txt': 'a' }), makeLayer({ 'b.txt': 'b' })]);
const large = madeImage([makeLayer({ base: noise(400_000) }), makeLayer({ top: noise(300_000, 7) })]);
/** Waits until a pull that is under way has so much of a blob on the disk. */
async function untilThere(world: World, running: Running, digest: string, bytes: number): Promise<void> {
  const size = (): number => statSync(join(world.root, 'skiff', 'blobs', `${digest.replace(':', '-')}.partial`), { throwIfNoEntry: false })?.size ?? 0;
  const { child } = running;
  await until(() => size() >= bytes, () => `${size()} bytes`, () => (child.exitCode === null && child.signalCode === null ? undefined : `the pull has ended: ${running.stderr()}`));
}

const imageOf = (world: World, name: string): string => world.ok('inspect', '--type', 'image', '--format', '{{.Id}}', name);

test('pull prints what a Docker user knows on stderr and the id on stdout; TLS and a password', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const registry = await startRegistry(t, { tls: true, auth: true });
  await pushImage(registry, 'team/app', 'latest', small);
  const world = makeWorld(t);
  const name = `${registry.domain}/team/app`;
  t.regex(world.skiff(['pull', name]).stderr, /unknown authority/);
  reach(world, registry);
  const refused = world.skiff(['pull', name]);
  t.is(refused.code, 125);
  t.regex(refused.stderr, /401|unauthorized/i);
  const pulled = world.skiff(['pull', '--creds', `${registry.user}:${registry.password}`, name]);
  t.is(pulled.code, 0, pulled.stderr);
  t.is(pulled.stdout, `${small.imageID.slice(7)}\n`);
  const [first, second] = [0, 1].map((at) => layerDigest(small, at).slice(7, 19));
  for (const line of ['latest: Pulling from team/app', `${first}: Pulling fs layer`, `${second}: Download complete`, `${first}: Pull complete`, `Digest: ${small.digest}`, `Status: Downloaded newer image for ${name}:latest`]) {
    t.true(pulled.stderr.split('\n').includes(line), `${line}\n${pulled.stderr}`);
  }
  const again = world.skiff(['pull', '--creds', `${registry.user}:${registry.password}`, name]);
  t.true(again.stderr.includes(`${first}: Already exists`));
  t.true(again.stderr.includes(`Status: Image is up to date for ${name}:latest`));
  const wrong = world.skiff(['pull', '-q', '--creds', `${registry.user}:n0tTheOne`, name]);
  t.is(wrong.code, 125);
  t.false(wrong.stderr.includes('n0tTheOne'), 'the password is in no message');
  t.regex(wrong.stderr, /hint: user or password in --creds may be wrong/);
  t.notRegex(wrong.stderr, /stored/);
  t.deepEqual(auditStore(world), []);
  t.deepEqual(blobFiles(world), []);
});

test('pull by tag, by digest, by both: digests are kept and lead to the image', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const registry = await startRegistry(t);
  const index = madeIndex([{ image: small, platform: 'linux/amd64' }, { image: madeImage([makeLayer({ c: 'c' })]), platform: 'linux/arm64/v8' }]);
  await pushImage(registry, 'a/b', '1', small);
  await pushImage(registry, 'a/index', 'latest', index);
  const world = makeWorld(t);
  reach(world, registry);
  world.ok('pull', '-q', `${registry.domain}/a/b:1`);
  t.is(`sha256:${imageOf(world, `${registry.domain}/a/b@${small.digest}`)}`.replace('sha256:sha256:', 'sha256:'), small.imageID);
  t.is(world.ok('image', 'inspect', '--format', '{{.Digest}}', `${registry.domain}/a/b:1`), small.digest);
  // By its digest one name goes, that of the repository; the image stays while it has others.
  world.ok('tag', `${registry.domain}/a/b:1`, 'keep:1');
  world.ok('rmi', `${registry.domain}/a/b@${small.digest}`);
  t.is(world.ok('images', '--format', '{{.Repository}}:{{.Tag}}'), 'localhost/keep:1');
  world.ok('tag', 'keep:1', `${registry.domain}/a/b:1`);
  world.ok('tag', 'keep:1', `${registry.domain}/a/b:2`);
  const several = world.skiff(['rmi', `${registry.domain}/a/b@${small.digest}`]);
  t.is(several.code, 125);
  t.regex(several.stderr, /by digest with more than one tag/);
  t.is(world.ok('images', '--format', '{{.Tag}}').split('\n').length, 3);
  world.ok('rmi', 'keep:1', `${registry.domain}/a/b:2`);
  world.ok('rmi', `${registry.domain}/a/b:1`);
  world.ok('pull', '-q', `${registry.domain}/a/b@${small.digest}`);
  t.is(world.ok('images', '--format', '{{.Repository}} {{.Tag}}'), `${registry.domain}/a/b <none>`);
  world.ok('rmi', `${registry.domain}/a/b@${small.digest}`);
  t.is(world.ok('images', '-q'), '');
  // The digest decides, whatever the tag is.
  world.ok('pull', '-q', `${registry.domain}/a/b:nosuch@${small.digest}`);
  world.ok('rmi', '-a', '-f');
  // An index: found again by its own digest and by that of its image.
  world.ok('pull', '-q', `${registry.domain}/a/index`);
  t.is(world.ok('image', 'inspect', '--format', '{{.Digest}} {{.RepoDigests}}', `${registry.domain}/a/index`), `${index.digest} [${registry.domain}/a/index@${index.digest} ${registry.domain}/a/index@${small.digest}]`);
  t.is(world.ok('images', '--format', '{{.Digest}}'), index.digest);
  for (const digest of [index.digest, small.digest]) t.is(world.skiff(['image', 'exists', `${registry.domain}/a/index@${digest}`]).code, 0, digest);
  world.ok('rmi', `${registry.domain}/a/index`);
  t.is(world.ok('images', '-q', '-a'), '');
  world.ok('pull', '-q', `${registry.domain}/a/index@${index.digest}`);
  t.is(world.ok('images', '-q', '--no-trunc'), small.imageID);
  t.is(world.ok('image', 'inspect', '--format', '{{index .NamesHistory 0}} {{.RepoTags}} {{.Digest}}', small.imageID), `${registry.domain}/a/index@${index.digest} [] ${index.digest}`);
  t.deepEqual(auditStore(world), []);
});

test('an image that came by two manifests: each name shows its own digest, and images finds names by digest', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const registry = await startRegistry(t);
  const plain = madeImage([makeLayer({ a: 'a' })]);
  const noted = madeImage([makeLayer({ a: 'a' })], { manifest: (document) => ({ ...document, annotations: { x: '1' } }) });
  t.is(plain.imageID, noted.imageID);
  const [first, second, both] = ['first', 'second', 'both'].map((path) => `${registry.domain}/a/${path}`) as [string, string, string];
  await pushImage(registry, 'a/first', '1', plain);
  await pushImage(registry, 'a/second', '1', noted);
  await pushImage(registry, 'a/both', '1', plain);
  await pushImage(registry, 'a/both', '2', noted);
  const world = makeWorld(t);
  reach(world, registry);
  world.ok('pull', '-q', `${first}:1`);
  world.ok('pull', '-q', `${second}:1`);
  world.ok('pull', '-q', `${both}@${plain.digest}`);
  const seen = (name: string): string => world.ok('image', 'inspect', '--format', '{{.Digest}} {{.Annotations}}', name);
  t.is(seen(`${first}:1`), `${plain.digest} map[]`);
  t.is(seen(`${second}:1`), `${noted.digest} map[x:1]`);
  t.is(world.ok('image', 'inspect', '--format', '{{.RepoDigests}}', plain.imageID), `[${first}@${plain.digest} ${second}@${noted.digest} ${both}@${plain.digest}]`);
  const rows = (...args: string[]): string[] => world.ok('images', '--format', '{{.Repository}}:{{.Tag}}@{{.Digest}}', ...args).split('\n').filter((line) => line !== '').toSorted();
  t.deepEqual(rows(), [`${first}:1@${plain.digest}`, `${second}:1@${noted.digest}`]);
  t.deepEqual(rows(`${first}@${plain.digest}`), [`${first}:1@${plain.digest}`]);
  t.deepEqual(rows(`${both}@${plain.digest}`), [`${both}:<none>@${plain.digest}`]);
  t.deepEqual(rows(`${first}@${noted.digest}`), []);
  world.ok('pull', '-q', '--all-tags', both);
  t.deepEqual(rows('both').filter((row) => row.startsWith(both)), [`${both}:1@${plain.digest}`, `${both}:2@${noted.digest}`]);
  t.deepEqual(rows(`both@${noted.digest}`), [`${both}:1@${noted.digest}`, `${both}:2@${noted.digest}`]);
  world.ok('rmi', '-a', '-f');
  t.deepEqual(auditStore(world), []);
});

test('layers in gzip, in zstd and plain, of OCI and of Docker, come out the same', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const registry = await startRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  const tar = makeLayer({ data: noise(200_000) });
  const zstd = (bytes: Buffer): Buffer => execFileSync('zstd', ['-c'], { input: bytes });
  const kinds = {
    gzip: madeImage([tar]), docker: madeImage([tar], { docker: true }),
    zstd: madeImage([tar], { pack: (bytes) => ({ bytes: zstd(bytes), mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd' }) }),
    plain: madeImage([tar], { pack: (bytes) => ({ bytes, mediaType: 'application/vnd.oci.image.layer.v1.tar' }) }),
  };
  for (const [kind, image] of Object.entries(kinds)) {
    await pushImage(registry, kind, 'latest', image);
    t.is(world.ok('pull', '-q', `${registry.domain}/${kind}`), image.imageID.slice(7), kind);
    t.is(world.ok('image', 'inspect', '--format', '{{.Digest}}', `${registry.domain}/${kind}`), image.digest);
    world.ok('rmi', '-f', `${registry.domain}/${kind}`);
  }
  t.deepEqual(auditStore(world), []);
});

test('platforms: the machine\'s by default, --platform, --arch and --variant choose, arm variants right', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const registry = await startRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  const of = (platform: string): { image: ReturnType<typeof madeImage>; platform: string } => {
    const [os, architecture, variant] = platform.split('/');
    return { platform, image: madeImage([makeLayer({ platform })], { config: (config) => ({ ...config, os, architecture, ...(variant !== undefined && { variant }) }) }) };
  };
  const all = ['linux/amd64', 'linux/arm64/v8', 'linux/arm/v5', 'linux/arm/v7', 'linux/386'].map(of);
  await pushImage(registry, 'multi', 'latest', madeIndex(all));
  const name = `${registry.domain}/multi`;
  const pull = (...flags: string[]): string => world.ok('pull', '-q', ...flags, name);
  const idOf = (platform: string): string => all.find((one) => one.platform === platform)!.image.imageID.slice(7);
  t.is(pull(), idOf(process.arch === 'arm64' ? 'linux/arm64/v8' : 'linux/amd64'));
  t.is(pull('--platform', 'linux/arm64'), idOf('linux/arm64/v8'));
  t.is(pull('--arch', 'aarch64'), idOf('linux/arm64/v8'));
  t.is(pull('--arch', 'arm', '--variant', 'v6'), idOf('linux/arm/v5'));
  t.is(pull('--platform', 'linux/arm'), idOf('linux/arm/v7'));
  t.is(pull('--arch', '386'), idOf('linux/386'));
  const missing = world.skiff(['pull', '--platform', 'linux/s390x', name]);
  t.is(missing.code, 125);
  t.regex(missing.stderr, /no image for linux\/s390x[^]*hint: there are: linux\/amd64, linux\/arm64/);
  t.regex(world.skiff(['pull', '--platform', 'linux/arm64', '--arch', 'arm', name]).stderr, /--platform option can not be specified with --arch or --os/);
});

test('--all-tags, several names, and a name that fails among them', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const registry = await startRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  for (const tag of ['1', '2', 'latest']) await pushImage(registry, 'many', tag, madeImage([makeLayer({ tag })]));
  t.is(world.ok('pull', '-a', '-q', `${registry.domain}/many`).split('\n').length, 3);
  t.deepEqual(world.ok('images', '--format', '{{.Tag}}').split('\n').toSorted(), ['1', '2', 'latest']);
  t.is(world.skiff(['pull', '-a', `${registry.domain}/many:1`]).code, 125);
  await pushImage(registry, 'other', 'latest', small);
  const mixed = world.skiff(['pull', '-q', `${registry.domain}/none`, `${registry.domain}/other`]);
  t.is(mixed.code, 125);
  t.is(mixed.stdout, `${small.imageID.slice(7)}\n`);
  t.regex(mixed.stderr, /^Error: pull .*\/none:latest: .*MANIFEST_UNKNOWN|NAME_UNKNOWN/);
});

test('policies: always, missing, newer and never', async (t) => {
  const registry = await startFaultRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  const name = `${registry.domain}/app`;
  const pull = async (policy: string): Promise<string> => {
    registry.requests.length = 0;
    const { code, stdout, stderr } = await skiffBeside(world, ['pull', '-q', '--policy', policy, name]);
    return code === 0 ? stdout.trim() : stderr;
  };
  registry.put('app', 'latest', small);
  t.regex(await pull('never'), /image not known/);
  t.is(registry.requests.length, 0);
  t.is(await pull('missing'), small.imageID.slice(7));
  registry.put('app', 'latest', large);
  t.is(await pull('missing'), small.imageID.slice(7));
  t.is(registry.requests.length, 0);
  t.is(await pull('newer'), large.imageID.slice(7));
  t.is(await pull('newer'), large.imageID.slice(7));
  t.is(registry.count(/^GET .*(manifests|blobs)/), 0, 'a HEAD tells that there is nothing newer');
  t.is(await pull('always'), large.imageID.slice(7));
  t.is(await pull('never'), large.imageID.slice(7));
  await registry.stop();
  t.is(await pull('newer'), large.imageID.slice(7), 'nobody answers: what is there is good enough');
});

test('a repeated pull asks for the manifest and nothing else; a changed image costs its new layers', async (t) => {
  const registry = await startFaultRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  const base = makeLayer({ base: noise(50_000) });
  registry.put('app', 'latest', madeIndex([{ image: madeImage([base, makeLayer({ v: '1' })]), platform: 'linux/amd64' }]));
  const name = `${registry.domain}/app`;
  t.is((await skiffBeside(world, ['pull', '-q', name])).code, 0);
  registry.requests.length = 0;
  t.is((await skiffBeside(world, ['pull', '-q', name])).code, 0);
  t.deepEqual(registry.requests.map(({ line }) => line).filter((line) => line !== 'GET /v2/'), ['GET /v2/app/manifests/latest']);
  const changed = madeImage([base, makeLayer({ v: '2' })]);
  registry.put('app', 'latest', changed);
  registry.requests.length = 0;
  t.is((await skiffBeside(world, ['pull', '-q', name])).code, 0);
  t.is(registry.count(/GET .*\/blobs\//), 2, 'the config and the new layer');
  // A layer that is known under another base: its tar is in the store, and nothing is downloaded.
  const moved = madeImage([makeLayer({ v: '2' }), base]);
  registry.put('app', 'latest', moved);
  registry.requests.length = 0;
  t.is((await skiffBeside(world, ['pull', '-q', name])).stdout.trim(), moved.imageID.slice(7));
  t.is(registry.count(/GET .*\/blobs\//), 1, 'the config');
  t.deepEqual(auditStore(world), []);
});

test('a cut download goes on by Range in the next process, and again after a kill', async (t) => {
  const registry = await startFaultRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  registry.put('app', 'latest', large);
  const name = `${registry.domain}/app`;
  const digest = layerDigest(large);
  const blob = new RegExp(`GET .*/blobs/${digest}`);
  const heal = registry.on(blob, cutBody(10_000));
  const failed = await skiffBeside(world, ['pull', name]);
  t.is(failed.code, 125);
  t.regex(failed.stderr, /Retrying: /);
  t.is(world.ok('images', '-q', '-a'), '');
  heal();
  // Killed in the middle of it.
  const slow = registry.on(blob, stall(200_000));
  const running = world.start(['pull', '-q', name]);
  await untilThere(world, running, digest, 50_000);
  running.child.kill('SIGKILL');
  await running.exit;
  slow();
  registry.requests.length = 0;
  const done = await skiffBeside(world, ['pull', '-q', name]);
  t.is(done.stdout.trim(), large.imageID.slice(7), done.stderr);
  const asked = registry.requests.filter(({ line }) => blob.test(line));
  t.is(asked.length, 1);
  t.true(Number(/^bytes=(\d+)-/.exec(String(asked[0]?.headers.range))?.[1]) >= 50_000, `asked from ${asked[0]?.headers.range}`);
  t.deepEqual(auditStore(world), []);
  t.deepEqual(blobFiles(world), []);
});

test('a registry without ranges: what is there is passed over', async (t) => {
  const registry = await startFaultRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  registry.put('app', 'latest', large);
  registry.on(/\/blobs\//, noRanges());
  registry.on(new RegExp(`/blobs/${layerDigest(large)}`), cutBody(100_000), 1);
  const { code, stderr } = await skiffBeside(world, ['pull', `${registry.domain}/app`]);
  t.is(code, 0, stderr);
});

test('a download that a power cut spoilt is fetched anew, once', async (t) => {
  const registry = await startFaultRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  registry.put('app', 'latest', large);
  const [digest, blob] = [layerDigest(large), large.blobs[0]!];
  const file = join(world.root, 'skiff', 'blobs', digest.replace(':', '-'));
  t.is((await skiffBeside(world, ['pull', '-q', `${registry.domain}/app`])).code, 0);
  world.ok('rmi', `${registry.domain}/app`);
  for (const spoilt of [{ name: `${file}.partial`, keep: 50_000 }, { name: `${file}.partial`, keep: 0 }, { name: file, keep: 100_000 }]) {
    const whole = spoilt.name === file;
    writeFileSync(spoilt.name, Buffer.concat([blob.subarray(0, spoilt.keep), Buffer.alloc((whole ? blob.length : spoilt.keep + 60_000) - spoilt.keep)]));
    registry.requests.length = 0;
    const { code, stderr } = await skiffBeside(world, ['pull', '-q', `${registry.domain}/app`]);
    t.is(code, 0, stderr);
    t.is(registry.count(new RegExp(`GET .*/blobs/${digest}`)), whole ? 1 : 2);
    t.deepEqual(blobFiles(world), []);
    world.ok('rmi', `${registry.domain}/app`);
  }
  // Longer than it can be.
  writeFileSync(`${file}.partial`, Buffer.alloc(blob.length + 5));
  t.is((await skiffBeside(world, ['pull', '-q', `${registry.domain}/app`])).code, 0);
  t.deepEqual(auditStore(world), []);
});

test('two pulls at once download each blob once, and neither waits for ever', async (t) => {
  const registry = await startFaultRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  const shared = makeLayer({ shared: noise(300_000) });
  // The shared layer at different places: each waits for the other's download or for the other's layer.
  const one = madeImage([makeLayer({ one: noise(100_000, 2) }), shared, makeLayer({ end: '1' })]);
  const two = madeImage([shared, makeLayer({ one: noise(100_000, 2) }), makeLayer({ end: '2' })]);
  registry.put('one', 'latest', one);
  registry.put('two', 'latest', two);
  registry.on(/GET .*\/blobs\//, trickle(20_000, 30));
  const results = await Promise.all(['one', 'two', 'one'].map((name) => skiffBeside(world, ['pull', '-q', `${registry.domain}/${name}`])));
  t.deepEqual(results.map(({ code }) => code), [0, 0, 0], results.map(({ stderr }) => stderr).join('\n'));
  for (const digest of [layerDigest(one, 0), layerDigest(one, 1)]) t.is(registry.count(new RegExp(`GET .*/blobs/${digest}`)), 1, digest);
  t.deepEqual(auditStore(world), []);
  t.deepEqual(blobFiles(world), []);
});

test('of two pulls at once each says of every layer how it ended', async (t) => {
  const registry = await startFaultRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  registry.put('app', 'latest', large);
  registry.on(/GET .*\/blobs\//, trickle(20_000, 30));
  const results = await Promise.all([1, 2].map(() => skiffBeside(world, ['pull', `${registry.domain}/app`])));
  for (const { code, stderr } of results) {
    t.is(code, 0, stderr);
    for (const at of [0, 1]) t.regex(stderr, new RegExp(`${layerDigest(large, at).slice(7, 19)}: (?:Pull complete|Already exists)\n`));
  }
});

test('a registry that is starting is waited for, aloud, as long as --retry and --retry-delay say; an unknown host is not', async (t) => {
  const gone = await startFaultRegistry(t);
  const world = makeWorld(t);
  reach(world, gone);
  await gone.stop();
  const { code, stderr } = await skiffBeside(world, ['pull', '--retry', '2', '--retry-delay', '10ms', `${gone.domain}/app`]);
  t.is(code, 125);
  t.deepEqual([...stderr.matchAll(/connection refused; attempt (\d) of 3/g)].map(([, number]) => number), ['2', '3'], stderr);
  const unknown = await skiffBeside(world, ['pull', 'no-such-host.invalid/app']);
  t.is(unknown.code, 125);
  t.notRegex(unknown.stderr, /attempt/);
});

test('a registry without TLS that may be so is asked for the manifest at once', async (t) => {
  const registry = await startFaultRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  registry.put('app', 'latest', small);
  t.is((await skiffBeside(world, ['pull', '-q', `${registry.domain}/app`])).code, 0);
  const before = registry.requests.length;
  t.is((await skiffBeside(world, ['pull', '-q', `${registry.domain}/app`])).code, 0);
  t.deepEqual(registry.requests.slice(before).map(({ line }) => line), ['GET /v2/app/manifests/latest']);
});

test('image inspect shows what a registry, a layout or an archive has, without the layers', async (t) => {
  const registry = await startFaultRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  registry.put('app', 'latest', small);
  const seen = await skiffBeside(world, ['image', 'inspect', `docker://${registry.domain}/app`]);
  t.is(seen.code, 0, seen.stderr);
  t.is(registry.count(new RegExp(`GET .*/blobs/${layerDigest(small)}`)), 0);
  t.is(world.ok('images', '-a', '-q'), '');
  await skiffBeside(world, ['pull', '-q', `${registry.domain}/app`]);
  const [remote] = JSON.parse(seen.stdout) as Record<string, unknown>[];
  const [local] = JSON.parse(world.ok('image', 'inspect', `${registry.domain}/app`)) as Record<string, unknown>[];
  const { GraphDriver: _, Size: __, VirtualSize: ___, ...same } = local ?? {};
  t.like(remote, same);
  for (const place of ['oci:layout:app', 'oci-archive:layout.tar', 'dir:folder', 'docker-archive:docker.tar:some/app:1']) {
    const [transport = '', ...rest] = place.split(':');
    const full = `${transport}:${join(world.dir, rest.join(':'))}`;
    world.ok('push', '-q', `${registry.domain}/app`, full);
    t.is(world.ok('image', 'inspect', '--format', '{{.Id}} {{.Architecture}}', full), `${small.imageID.slice(7)} ${String(same['Architecture'])}`, place);
  }
  t.regex(world.skiff(['image', 'inspect', 'docker-daemon:app:1']).stderr, /hint: skiff pull docker-daemon:app:1/);
});

test('SIGINT keeps what was downloaded, says one thing and leaves no name', async (t) => {
  const registry = await startFaultRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  registry.put('app', 'latest', large);
  const blob = new RegExp(`GET .*/blobs/${layerDigest(large)}`);
  registry.on(blob, stall(20_000), 1);
  const running = world.start(['pull', '-q', `${registry.domain}/app`]);
  await untilThere(world, running, layerDigest(large), 1);
  running.child.kill('SIGINT');
  t.deepEqual(await running.exit, { code: 130, signal: null });
  t.is(running.stderr(), 'Error: interrupted by SIGINT\n');
  t.is(world.ok('images', '-a', '-q'), '');
  t.true(blobFiles(world).some((name) => name.endsWith('.partial')));
  t.deepEqual(auditStore(world), []);
  const done = await skiffBeside(world, ['pull', '-q', `${registry.domain}/app`]);
  t.is(done.code, 0, done.stderr);
  t.regex(String(registry.requests.findLast(({ line }) => blob.test(line))?.headers.range), /^bytes=[1-9]/);
});

test('run pulls what is missing: the container\'s output alone is on stdout; --pull decides', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const registry = await startRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  const image = madeImage([readFileSync(tarOf(busyboxRootfs(world)))], { config: (config) => ({ ...config, architecture: process.arch === 'arm64' ? 'arm64' : 'amd64' }) });
  await pushImage(registry, 'box', 'latest', image);
  const name = `${registry.domain}/box`;
  const never = world.skiff(['run', '--rm', '--pull=never', name, 'true']);
  t.is(never.code, 125);
  t.regex(never.stderr, /image not known/);
  const first = world.skiff(['run', '--rm', '--network', 'none', name, 'echo', 'out']);
  t.is(first.stdout, 'out\n', first.stderr);
  t.regex(first.stderr, /latest: Pulling from box/);
  const second = world.skiff(['run', '--rm', '--network', 'none', name, 'echo', 'out']);
  t.deepEqual([second.stdout, second.stderr], ['out\n', '']);
  t.is(world.skiff(['run', '--rm', '--network', 'none', '--pull=always', '-q', name, 'true']).stderr, '');
  t.regex(world.ok('create', '--network', 'none', '--pull=newer', name, 'true'), /^[0-9a-f]{64}$/);
  t.is(world.skiff(['run', '--rm', `${registry.domain}/nosuch`, 'true']).code, 125);
});

test('an id is never pulled, nor looked for in a registry', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  for (const id of [`sha256:${'0'.repeat(63)}1`, `${'0'.repeat(63)}1`]) {
    for (const args of [['run', id], ['create', id], ['pull', '--policy', 'missing', id], ['manifest', 'create', 'list', id], ['manifest', 'inspect', id]]) {
      const { code, stderr } = world.skiff(args);
      t.is(code, 125);
      t.regex(stderr, new RegExp(`^Error: (?:[a-z ]+"[^"]*": )?${id}: image not known\\n$`), args.join(' '));
    }
    t.is(world.skiff(['pull', id]).stderr, `Error: pull policy is always but image has been referred to by ID (${id})\n`);
  }
});

test('--progress json: one object a line in the shape of Docker\'s API; --quiet shows nothing', async (t) => {
  const registry = await startFaultRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  registry.put('app', 'latest', small);
  const { stdout, stderr } = await skiffBeside(world, ['pull', '--progress', 'json', `${registry.domain}/app`]);
  t.is(stdout.trim(), small.imageID.slice(7));
  const lines = stderr.trim().split('\n').map((line) => JSON.parse(line) as { status?: string; id?: string; aux?: object });
  t.true(lines.some(({ status, id }) => status === 'Pull complete' && id === layerDigest(small).slice(7, 19)));
  t.deepEqual(lines.at(-1)?.aux, { ID: small.imageID, Name: `${registry.domain}/app:latest`, Digest: small.digest });
  t.is((await skiffBeside(world, ['pull', '-q', `${registry.domain}/app`])).stderr, '');
  registry.put('foreign', 'latest', madeImage([makeLayer({ f: 'f' })], { config: (config) => ({ ...config, architecture: process.arch === 'arm64' ? 'amd64' : 'arm64' }) }));
  for (const [name, code, last] of [['nosuch', 125, /"errorDetail":\{"message":"pull .*nosuch:latest: .*"\},"error":"/], ['foreign', 0, /"status":"image platform .* does not match/]] as const) {
    const done = await skiffBeside(world, ['pull', '--progress', 'json', `${registry.domain}/${name}`]);
    t.is(done.code, code);
    for (const line of done.stderr.trim().split('\n')) t.notThrows(() => JSON.parse(line), line);
    t.regex(done.stderr.trim().split('\n').at(-1) ?? '', last);
  }
});

test('--progress json of a folder ends with what came, as that of a registry does', async (t) => {
  const registry = await startFaultRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  registry.put('app', '1', small);
  t.is((await skiffBeside(world, ['pull', '-q', `${registry.domain}/app:1`])).code, 0);
  for (const place of [`oci:${world.dir}/layout:x/app:2`, `dir:${world.dir}/folder`]) world.ok('push', '-q', `${registry.domain}/app:1`, place);
  const made = (JSON.parse(readFileSync(join(world.dir, 'layout', 'index.json'), 'utf8')) as { manifests: { digest: string }[] }).manifests[0]?.digest;
  const last = (place: string): unknown => (JSON.parse(world.skiff(['pull', '--progress', 'json', place]).stderr.trim().split('\n').at(-1) ?? '') as { aux?: object }).aux;
  t.deepEqual(last(`oci:${world.dir}/layout:x/app:2`), { ID: small.imageID, Name: 'localhost/x/app:2', Digest: made });
  t.deepEqual(last(`dir:${world.dir}/folder`), { ID: small.imageID, Digest: `sha256:${sha256(readFileSync(join(world.dir, 'folder', 'manifest.json')))}` });
});

test('a container of another platform\'s image is made with a warning, unless that is what --platform says', async (t) => {
  const registry = await startFaultRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  const [own, other] = process.arch === 'arm64' ? ['arm64', 'amd64'] : ['amd64', 'arm64'];
  registry.put('foreign', 'latest', madeImage([makeLayer({ f: 'f' })], { config: (config) => ({ ...config, architecture: other }) }));
  const name = `${registry.domain}/foreign`;
  const create = async (...flags: string[]): Promise<string> => (await skiffBeside(world, ['create', '-q', '--network', 'none', ...flags, name, 'true'])).stderr;
  const warning = `warning: image platform (linux/${other}) does not match the expected platform (linux/${own})\n`;
  t.is(await create(), warning, 'of the pull');
  t.is(await create(), warning, 'of an image that is there');
  t.is(await create('--platform', other), '');
});

test('what skopeo and podman push is pulled with the same digests', async (t) => {
  if (!requires(t, 'docker-registry', 'skopeo', 'podman')) return;
  const registry = await startRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  await pushImage(registry, 'origin', 'latest', large);
  const copied = world.run(['skopeo', '--insecure-policy', 'copy', '--src-tls-verify=false', '--dest-tls-verify=false', '--format', 'v2s2', `docker://${registry.domain}/origin`, `docker://${registry.domain}/copied`]);
  t.is(copied.code, 0, copied.stderr);
  const digest = world.run(['skopeo', 'inspect', '--tls-verify=false', '--format', '{{.Digest}}', `docker://${registry.domain}/copied`]).stdout.trim();
  world.ok('pull', '-q', `${registry.domain}/copied`);
  t.is(world.ok('image', 'inspect', '--format', '{{.Digest}}', `${registry.domain}/copied`), digest);
  const podman = (...args: string[]): ReturnType<World['run']> => world.run(['podman', '--root', join(world.dir, 'podman'), '--runroot', join(world.dir, 'podman-run'), '--storage-driver', 'vfs', ...args]);
  t.is(podman('pull', '-q', '--tls-verify=false', `${registry.domain}/origin`).code, 0);
  t.is(podman('push', '-q', '--tls-verify=false', `${registry.domain}/origin`, `${registry.domain}/podman`).code, 0);
  const pushed = world.run(['skopeo', 'inspect', '--tls-verify=false', '--format', '{{.Digest}}', `docker://${registry.domain}/podman`]).stdout.trim();
  t.is(world.ok('pull', '-q', `${registry.domain}/podman`), large.imageID.slice(7));
  t.is(world.ok('image', 'inspect', '--format', '{{.Digest}}', `${registry.domain}/podman`), pushed);
  world.run(['podman', 'unshare', 'rm', '-rf', join(world.dir, 'podman'), join(world.dir, 'podman-run')]);
});

test('pull from oci:, oci-archive:, dir: and docker-archive: as skopeo writes them', async (t) => {
  if (!requires(t, 'docker-registry', 'skopeo')) return;
  const registry = await startRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  await pushImage(registry, 'origin', 'latest', large);
  const places = { oci: 'layout:app', 'oci-archive': 'layout.tar:app', dir: 'folder', 'docker-archive': 'docker.tar:some/app:1' };
  for (const [transport, details] of Object.entries(places)) {
    const place = `${transport}:${join(world.dir, details)}`;
    const copied = world.run(['skopeo', '--insecure-policy', 'copy', '--src-tls-verify=false', `docker://${registry.domain}/origin`, place]);
    t.is(copied.code, 0, copied.stderr);
    const pulled = world.skiff(['pull', place]);
    t.is(pulled.stdout.trim(), large.imageID.slice(7), `${place}: ${pulled.stderr}`);
    t.regex(pulled.stderr, /Copying blob/);
    t.is(world.ok('images', '--format', '{{.Repository}}:{{.Tag}}'), transport === 'dir' ? '<none>:<none>' : transport === 'docker-archive' ? 'docker.io/some/app:1' : 'localhost/app:latest', place);
    world.ok('rmi', large.imageID);
  }
  t.regex(world.skiff(['pull', `oci:${join(world.dir, 'layout')}:nosuch`]).stderr, /no image "nosuch"/);
  t.regex(world.skiff(['pull', 'containers-storage:x']).stderr, /not supported/);
  t.deepEqual(auditStore(world), []);
});

test('pull from a place that is none says which place, and what is missing', (t) => {
  const world = makeWorld(t);
  mkdirSync(join(world.dir, 'empty'));
  writeFileSync(join(world.dir, 'x.tar'), Buffer.alloc(1024));
  for (const [place, reason] of [
    ['oci:none', /open folder: open "none": no such file or directory/], ['dir:none', /open folder: open "none": no such file or directory/],
    ['oci:empty', /not an OCI layout: index\.json and oci-layout are not both there/], ['dir:empty', /not a folder of an image: there is no manifest\.json/],
    ['docker-archive:none', /"none": no such file or directory/], ['docker-archive:x.tar', /not a docker-archive: there is no manifest\.json/], ['oci-archive:x.tar', /not an OCI layout/],
  ] as const) {
    const { code, stderr } = world.skiff(['pull', place], { cwd: world.dir });
    t.is(code, 125, place);
    t.true(stderr.startsWith(`Error: pull "${place}": `), stderr);
    t.regex(stderr, reason, place);
  }
});

test('pull from docker-daemon: over its socket', async (t) => {
  const world = makeWorld(t);
  const source = madeImage([makeLayer({ x: 'x' })]);
  const registry = await startFaultRegistry(t);
  reach(world, registry);
  registry.put('app', '1', source);
  t.is((await skiffBeside(world, ['pull', '-q', `${registry.domain}/app:1`])).code, 0);
  const archive = join(world.dir, 'saved.tar');
  world.ok('save', '-o', archive, `${registry.domain}/app:1`);
  world.ok('rmi', `${registry.domain}/app:1`);
  const socket = join(world.dir, 'docker.sock');
  const asked: string[] = [];
  const daemon = createServer((request, response) => {
    asked.push(decodeURIComponent(request.url ?? ''));
    if (request.url?.includes('missing') === true) response.writeHead(404).end('{"message":"No such image: missing:1"}');
    else response.end(readFileSync(archive));
  });
  await new Promise<void>((resolve) => { daemon.listen(socket, resolve); });
  t.teardown(() => { daemon.close(); rmSync(socket, { force: true }); });
  const env = { DOCKER_HOST: `unix://${socket}` };
  const pulled = await skiffBeside(world, ['pull', '-q', 'docker-daemon:app:1'], env);
  t.is(pulled.stdout.trim(), source.imageID.slice(7), pulled.stderr);
  t.deepEqual(asked, ['/images/app:1/get']);
  t.is(world.ok('images', '--format', '{{.Repository}}:{{.Tag}}'), 'docker.io/library/app:1');
  world.ok('untag', 'app:1');
  const byID = await skiffBeside(world, ['pull', '-q', `docker-daemon:${source.imageID.slice(7, 19)}`], env);
  t.is(byID.stdout.trim(), source.imageID.slice(7), byID.stderr);
  t.is(world.ok('images', '--format', '{{.Repository}}:{{.Tag}}'), `${registry.domain}/app:1`, 'the names that the daemon knows, and none made of the id');
  const missing = await skiffBeside(world, ['pull', '-q', 'docker-daemon:missing:1'], env);
  t.is(missing.code, 125);
  t.regex(missing.stderr, /No such image: missing:1/);
});

test('pull_policy of containers.conf is what run does without --pull', (t) => {
  const world = makeWorld(t);
  const file = join(world.dir, 'containers.conf');
  const run = (policy: string, ...more: string[]): string => {
    writeFileSync(file, `[engine]\npull_policy = "${policy}"\n`);
    const { code, stderr } = world.skiff(['run', '--rm', ...more, 'localhost:1/none', 'true'], { env: { CONTAINERS_CONF: file } });
    t.is(code, 125);
    return stderr;
  };
  t.regex(run('never'), /image not known/);
  t.regex(run('never', '--pull=missing'), /Trying to pull/);
  t.regex(run('sometimes'), /pull_policy is "sometimes": want always, missing, newer, never/);
});
