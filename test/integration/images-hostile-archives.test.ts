/** Archives that lie, end early or try to leave their place: one clear error each, and a store that is as it was. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { auditStore } from '../helpers/audit.ts';
import type { TarMember } from '../helpers/make-archive.ts';
import { blob, descriptor, dockerMembers, makeImage, makeLayer, makeTar, ociMembers, ociParts, ociTypes, sha256 } from '../helpers/make-archive.ts';
import { requires } from '../helpers/requires.ts';
import type { Result, World } from '../helpers/world.ts';
import { makeWorld } from '../helpers/world.ts';

const base = makeLayer({ 'a.txt': 'base' });
const top = makeLayer({ 'b.txt': 'top' });
const image = makeImage([base, top]);
const whole = dockerMembers(image, ['busybox:latest']);

function load(world: World, bytes: Buffer): Result {
  const path = join(world.dir, 'archive.tar');
  writeFileSync(path, bytes);
  return world.skiff(['load', '-q', '-i', path]);
}

/** What a failed load must leave: nothing. */
function isUntouched(world: World): string[] {
  const layerdb = join(world.root, 'image/overlay2/layerdb/sha256');
  const layers = (() => {
    try {
      return readdirSync(layerdb);
    } catch {
      return [];
    }
  })();
  const images = world.skiff(['images', '-a', '-q']).stdout;
  return [...auditStore(world), ...layers.map((layer) => `layer ${layer} is in the store`), ...(images === '' ? [] : [`images: ${images}`])];
}

const replace = (name: RegExp, change: Partial<TarMember>): TarMember[] => whole.map((member) => (name.test(member.name) ? { ...member, ...change } : member));
const bendManifest = (change: (item: Record<string, unknown>) => Record<string, unknown>): TarMember[] => whole.map((member) => (member.name !== 'manifest.json' ? member
  : { ...member, data: JSON.stringify((JSON.parse(String(member.data)) as Record<string, unknown>[]).map(change)) }));
const parts = ociParts(image, 'localhost/x:1');
const [layerBlob = '', configBlob = ''] = [parts.blobs[0]?.name, parts.blobs[2]?.name].map((name) => name ?? '');

test('the archives of these tests load as long as nobody bends them', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  for (const members of [whole, ociMembers(parts), ociMembers(parts).toReversed()]) {
    const done = load(world, makeTar(members));
    t.is(done.code, 0, done.stderr);
    t.is(world.ok('images', '-q', '--no-trunc'), image.imageID);
    world.ok('rmi', '-a');
  }
  t.is(load(world, makeTar(whole, { end: false })).code, 0, 'an archive without end mark is whole');
});

const cases: readonly (readonly [fact: string, bytes: () => Buffer, message: RegExp])[] = [
  ['class N: more layers than an overlay can stack', () => makeTar(dockerMembers(makeImage(Array.from({ length: 126 }, (_, at) => makeLayer({ [`f${at}`]: '' }))), [])), /an image may have 125 layers at most/],
  // class M: two readings, wrong digests
  ['class M: a config that has not the digest of its name', () => makeTar(replace(/^[0-9a-f]{64}\.json$/, { data: '{}' })), /config "[0-9a-f]{64}\.json" has digest sha256:44136fa3/],
  ['class M: a layer that has not its diffID', () => makeTar(replace(/layer\.tar$/, { data: makeLayer({ evil: 'x' }) })), /layer.*diffID.*expected sha256:/],
  ['class M: fewer layers than the config says', () => makeTar(bendManifest((item) => ({ ...item, Layers: (item['Layers'] as string[]).slice(1) }))), /has 2 layers, manifest\.json 1/],
  ['class M: two members of one name', () => makeTar([...whole, { name: 'manifest.json', data: '[]' }]), /"manifest\.json" occurs more than once/],
  ['class M: two spellings of one field', () => makeTar(bendManifest((item) => ({ ...item, config: 'x' }))), /ambiguous.*"config"/],
  ['class M: an OCI layer of another size than its descriptor says', () => makeTar(ociMembers({ ...parts, manifest: { ...parts.manifest, layers: (parts.manifest['layers'] as object[]).map((one) => ({ ...one, size: 3 })) } })), /layer sha256:\w+ has \d+ bytes, its descriptor says 3/],
  ['class M: an OCI layer with other bytes of the same size', () => makeTar(ociMembers({ ...parts, blobs: parts.blobs.map((one) => (one.name === layerBlob ? { ...one, data: flip(one.data as Buffer) } : one)) })), /layer|gzip/],
  ['class M: an OCI config with other bytes', () => makeTar(ociMembers({ ...parts, blobs: parts.blobs.map((one) => (one.name === configBlob ? { ...one, data: flip(one.data as Buffer) } : one)) })), /config "blobs\/sha256\/\w+" has digest/],
  ['class M: a manifest that is an index as well', () => makeTar(ociMembers({ ...parts, manifest: { ...parts.manifest, manifests: [] } })), /ambiguous/],
  ['class M: a manifest delivered as an index', () => makeTar(ociMembers(parts, (one) => ({ ...one, mediaType: ociTypes.index }))), /manifest says it is|ambiguous/],
  ['class M: a layer whose diffID differs after decompression', () => {
    const bad = makeImage([base, top], (config) => ({ ...config, rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(base)}`, `sha256:${'0'.repeat(64)}`] } }));
    return makeTar(ociMembers(ociParts(bad, 'localhost/x:1')));
  }, /diffID sha256:\w+, expected sha256:0{64}/],
  // class L: digests that are none
  ['class L: a digest that is a path', () => makeTar(ociMembers(parts, (one) => ({ ...one, digest: 'sha256:../../../../etc/passwd' }))), /invalid digest/],
  ['class L: a diff_id that is a path', () => makeTar(dockerMembers(makeImage([base], (config) => ({ ...config, rootfs: { type: 'layers', diff_ids: ['sha256:../../x'] } })), [])), /invalid diffID/],
  // class I: names that lead elsewhere
  ['class I: a layer named by an absolute path', () => makeTar(bendManifest((item) => ({ ...item, Layers: ['/etc/passwd', '/etc/passwd'] }))), /leads out of the archive/],
  ['class I: a config named by ..', () => makeTar(bendManifest((item) => ({ ...item, Config: '../../../../../etc/passwd' }))), /leads out of the archive/],
  ['class I: a layer that is a link out of the archive', () => makeTar(replace(/layer\.tar$/, { type: '2', link: '/etc/passwd', data: '' })), /is missing/],
  ['class I: a layer that is a link upwards', () => makeTar(replace(/layer\.tar$/, { type: '2', link: '../../../../etc/passwd', data: '' })), /is missing/],
  ['class I: links in a circle', () => makeTar(replace(/layer\.tar$/, { type: '2', link: 'layer.tar', data: '' })), /links without end/],
  ['class I: a layer that is a device', () => makeTar(replace(/layer\.tar$/, { type: '3', data: '' })), /no regular file/],
  ['class I: a manifest.json that is a folder', () => makeTar(replace(/^manifest\.json$/, { type: '5', data: '' })), /no regular file/],
  // class N: sizes
  ['class N: JSON nested a hundred thousand levels', () => makeTar(replace(/^manifest\.json$/, { data: '['.repeat(100_000) })), /nested deeper/],
  ['class N: a manifest.json of eight megabytes', () => makeTar(replace(/^manifest\.json$/, { data: ' '.repeat(8 << 20) })), /too large/],
  // damage
  ['no image at all', () => makeTar([{ name: 'etc/passwd', data: 'x' }]), /neither manifest\.json nor index\.json/],
  ['no tar at all', () => Buffer.from('root:x:0:0:root:/root:/bin/sh\n'.repeat(100)), /not a tar/],
  ['an empty file', () => Buffer.alloc(0), /empty/],
  ['an empty manifest.json', () => makeTar(replace(/^manifest\.json$/, { data: '[]' })), /names no image/],
  ['a manifest.json that is no JSON', () => makeTar(replace(/^manifest\.json$/, { data: '[{' })), /not valid JSON/],
  ['a config that is missing', () => makeTar(whole.filter(({ name }) => !/^[0-9a-f]{64}\.json$/.test(name))), /"[0-9a-f]{64}\.json" is missing/],
  ['a layer that is missing', () => makeTar(whole.filter(({ name }) => !name.endsWith('layer.tar'))), /layer\.tar" is missing/],
  ['a name with capitals', () => makeTar(bendManifest((item) => ({ ...item, RepoTags: ['Bad:1'] }))), /manifest\.json: invalid reference "Bad:1"/],
  ['a second image that is broken, behind a good one', () => {
    const bad = makeImage([makeLayer({ x: 'y' })], (config) => ({ ...config, rootfs: { type: 'layers', diff_ids: [`sha256:${'1'.repeat(64)}`] } }));
    const [good, other] = [dockerMembers(image, ['good:1']), dockerMembers(bad, ['bad:1'])];
    const items = [good, other].flatMap((members) => JSON.parse(String(members.find(({ name }) => name === 'manifest.json')?.data)) as object[]);
    return makeTar([...good.filter(({ name }) => !/^(?:manifest\.json|repositories)$/.test(name)), ...other.filter(({ name }) => !/^(?:manifest\.json|repositories)$/.test(name)), { name: 'manifest.json', data: JSON.stringify(items) }]);
  }, /diffID sha256:\w+, expected sha256:1{64}/],
  ['an OCI layout of another machine only', () => makeTar(ociMembers(parts, (one) => one).map((member) => (member.name !== 'index.json' ? member : {
    ...member, data: JSON.stringify({ schemaVersion: 2, manifests: ['s390x', 'riscv64'].map((architecture) => ({ ...descriptor(ociTypes.manifest, Buffer.from('x')), platform: { os: 'linux', architecture } })) }),
  }))), /no image for linux\//],
  ['an OCI artifact that is no image', () => {
    const config = Buffer.from('{}');
    return makeTar(ociMembers({ name: 'x', blobs: [blob(config)], manifest: { schemaVersion: 2, mediaType: ociTypes.manifest, config: descriptor('application/vnd.cncf.helm.config.v1+json', config), layers: [] } }));
  }, /not a container image/],
  ['an archive compressed with xz', () => Buffer.concat([Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), Buffer.alloc(100)]), /invalid xz data: /],
  ['gzip around nonsense', () => gzipSync('nonsense'), /not a tar/],
];

for (const [fact, bytes, message] of cases) {
  test(`load refuses ${fact}`, (t) => {
    if (!requires(t, 'userns')) return;
    const world = makeWorld(t);
    const done = load(world, bytes());
    t.is(done.code, 125, done.stdout);
    t.regex(done.stderr, message);
    t.regex(done.stderr, /^Error: load ".*archive\.tar": /m);
    t.is(done.stdout, '');
    t.deepEqual(isUntouched(world), []);
  });
}

test('a truncated archive is refused wherever it ends, plain and compressed, from a file and from a pipe', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const plain = makeTar(whole);
  const packed = gzipSync(plain);
  const members = plain.length - 1024;
  for (const cut of [1, 511, 512, 600, 3000, members - 2600, members - 700, members - 512]) {
    for (const done of [load(world, plain.subarray(0, cut)), world.skiff(['load'], { input: plain.subarray(0, cut) })]) {
      t.is(done.code, 125, `cut at ${cut}: ${done.stdout}`);
      t.regex(done.stderr, /^Error: load .*(?:ends inside|not a tar|is missing|neither)/m, `cut at ${cut}`);
    }
  }
  for (const cut of [5, 100, packed.length >> 1, packed.length - 1]) {
    const done = world.skiff(['load'], { input: packed.subarray(0, cut) });
    t.is(done.code, 125);
    t.regex(done.stderr, /^Error: load standard input: .*truncated/m, `cut at ${cut}`);
  }
  const oci = makeTar(ociMembers(ociParts(image, 'localhost/x:1')));
  t.is(load(world, oci.subarray(0, oci.length - 1024 - 512)).code, 125);
  t.deepEqual(isUntouched(world), []);
});

test('a layer that ends early inside a whole archive is refused by name', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const short = gzipSync(makeLayer({ big: 'x'.repeat(100_000) })).subarray(0, 100);
  const bad = makeImage([base]);
  const done = load(world, makeTar(ociMembers({ ...ociParts(bad, 'localhost/x:1'), blobs: [blob(short), blob(bad.config)], manifest: { schemaVersion: 2, mediaType: ociTypes.manifest, config: descriptor(ociTypes.config, bad.config), layers: [descriptor(ociTypes.gzip, short)] } })));
  t.is(done.code, 125);
  t.regex(done.stderr, new RegExp(`layer.*${sha256(base)}.*truncated|layer.*${sha256(short)}.*truncated`));
  t.deepEqual(isUntouched(world), []);
});

test('a damaged layer in the middle of a plain archive is named, whatever else is being read', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const layers = Array.from({ length: 6 }, (_, at) => makeLayer({ [`file${at}`]: String(at).repeat(3_000_000) }));
  const members = dockerMembers(makeImage(layers), ['app:1']);
  const damaged = Buffer.from(layers[1] as Buffer);
  damaged[1_000_000] = 0;
  const bytes = makeTar(members.map((member) => (member.data === layers[1] ? { ...member, data: damaged } : member)));
  for (let times = 0; times < 3; times++) {
    const done = load(world, bytes);
    t.is(done.code, 125);
    t.regex(done.stderr, new RegExp(`^Error: load ".*archive\\.tar": layer sha256:${sha256(layers[1] as Buffer)}: layer has diffID sha256:${sha256(damaged)}, expected`));
  }
  t.deepEqual(isUntouched(world), []);
});

test('an archive in a folder may hold pipes and links: load neither hangs nor follows them to a wrong blob', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const folder = join(world.dir, 'layout');
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true });
  for (const { name, data = '' } of ociMembers(ociParts(image, 'localhost/x:1'))) {
    if (name === layerBlob) t.is(world.run(['mkfifo', join(folder, name)]).code, 0);
    else writeFileSync(join(folder, name), data);
  }
  const done = world.skiff(['load', '-i', folder]);
  t.is(done.code, 125);
  t.regex(done.stderr, /no regular file/);
  t.deepEqual(isUntouched(world), []);
});

test('a damaged archive leaves the names of the store alone', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  t.is(load(world, makeTar(dockerMembers(image, ['app:1']))).code, 0);
  const evil = makeImage([makeLayer({ evil: 'x' })], (config) => ({ ...config, rootfs: { type: 'layers', diff_ids: [`sha256:${'2'.repeat(64)}`] } }));
  t.is(load(world, makeTar(dockerMembers(evil, ['app:1']))).code, 125);
  t.is(world.ok('images', '--no-trunc', '-q', 'app'), image.imageID);
  t.deepEqual(auditStore(world), []);
});

test('class N: a gibibyte of zeros in a megabyte of gzip is refused by what it holds', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const zeros = gzipSync(Buffer.alloc(64 << 20));
  const bomb = Buffer.concat(Array.from({ length: 16 }, () => zeros));
  const path = join(world.dir, 'bomb.gz');
  writeFileSync(path, bomb);
  const loaded = world.skiff(['load', '-i', path], { timeoutMs: 120_000 });
  t.is(loaded.code, 125);
  t.regex(loaded.stderr, /neither manifest\.json nor index\.json/);
  t.deepEqual(isUntouched(world), []);
});

function flip(bytes: Buffer): Buffer {
  const bent = Buffer.from(bytes);
  const at = bent.length >> 1;
  bent[at] = (bent[at] ?? 0) ^ 0xff;
  return bent;
}
