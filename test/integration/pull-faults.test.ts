/**
 * Registries that send what no client should believe: refused with the reason, in bounded memory, with nothing stored and no name. Each
 * test is named for the class of holes that it keeps shut.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { auditStore } from '../helpers/audit.ts';
import { startFaultRegistry } from '../helpers/fault-registry.ts';
import type { FaultRegistry } from '../helpers/fault-registry.ts';
import { bend, cutBody, hugeManifest, noLength, redirect, status, tooMany, wrongBody } from '../helpers/faults.ts';
import { makeLayer, makeTar, ociTypes, sha256 } from '../helpers/make-archive.ts';
import { madeImage, madeIndex } from '../helpers/make-image.ts';
import type { MadeImage } from '../helpers/make-image.ts';
import type { Peak } from '../helpers/memory.ts';
import { peakOf, shown } from '../helpers/memory.ts';
import { blobFiles, layerDigest, reach, skiffBeside } from '../helpers/pull.ts';
import { makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';

const layer = makeLayer({ 'a.txt': 'a'.repeat(50_000) });
const image = madeImage([layer]);
const mostBytes = 200_000_000;

async function start(t: ExecutionContext): Promise<{ world: World; registry: FaultRegistry; name: string }> {
  const registry = await startFaultRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  return { world, registry, name: `${registry.domain}/app` };
}

/** The pull fails with `reason`, nothing is in the store, and all its processes together were not larger than they may be. */
async function refuses(t: ExecutionContext, { world, name }: { world: World; name: string }, reason: RegExp, flags: readonly string[] = []): Promise<string> {
  const before = world.run(['sh', '-c', `ls -R ${world.root}/image ${world.root}/overlay2 2>/dev/null | sort`]).stdout;
  const { code, stdout, stderr, peak } = await measured(world, ['pull', ...flags, name]);
  t.is(code, 125, `${stdout}${stderr}`);
  t.regex(stderr, reason);
  t.is(stdout, '');
  t.true(peak.bytes > 1_000_000 && peak.bytes < mostBytes, shown(peak));
  t.is(world.ok('images', '-a', '-q'), '');
  t.deepEqual(auditStore(world), []);
  const after = world.run(['sh', '-c', `ls -R ${world.root}/image ${world.root}/overlay2 2>/dev/null | sort`]).stdout;
  if (before !== '') t.is(after.replaceAll(/[0-9a-f]{64}\.lock\n/g, ''), before.replaceAll(/[0-9a-f]{64}\.lock\n/g, ''));
  return stderr;
}

/** Beside this process, which is the registry. */
async function measured(world: World, args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string; peak: Peak }> {
  const running = world.start(args);
  const peak = await peakOf(running.child);
  const { code } = await running.exit;
  return { code, stdout: running.stdout(), stderr: running.stderr(), peak };
}

const bent = (change: (manifest: Record<string, unknown>) => Record<string, unknown>): MadeImage => madeImage([layer], { manifest: change });
type Entry = Record<string, unknown>;
const withLayer = (change: Entry): MadeImage => bent((manifest) => ({ ...manifest, layers: [{ ...(manifest['layers'] as Entry[])[0], ...change }] }));
const withConfig = (change: Entry): MadeImage => bent((manifest) => ({ ...manifest, config: { ...(manifest['config'] as Entry), ...change } }));

test('CVE class L, M: digests that are paths, upper case, short, empty or of unknown algorithms are refused before any request is made of them', async (t) => {
  const place = await start(t);
  for (const digest of ['sha256:../../../../etc/passwd', `sha256:${'A'.repeat(64)}`, 'sha256:abc', '', `md5:${'a'.repeat(32)}`, `sha256:${'a'.repeat(63)}/`, `sha512:${'a'.repeat(64)}`, `sha256:${'a'.repeat(64)}\n`]) {
    for (const made of [withLayer({ digest }), withConfig({ digest })]) {
      place.registry.put('app', 'latest', made);
      place.registry.requests.length = 0;
      await refuses(t, place, /invalid digest/);
      t.is(place.registry.count(/blobs/), 0);
    }
  }
});

test('CVE class M: a manifest that is also an index, and media types that contradict it, are refused (CVE-2021-41190)', async (t) => {
  const place = await start(t);
  const { registry } = place;
  registry.put('app', 'latest', bent((manifest) => ({ ...manifest, manifests: [] })));
  await refuses(t, place, /ambiguous/);
  registry.put('app', 'latest', bent((manifest) => ({ ...manifest, mediaType: ociTypes.index })));
  await refuses(t, place, /ambiguous|delivered as/);
  registry.put('app', 'latest', image);
  const heal = registry.on(/manifests/, bend((answer) => ({ ...answer, headers: { ...answer.headers, 'content-type': ociTypes.index } })));
  await refuses(t, place, /delivered as/);
  heal();
  // The index says manifest, what comes is an index.
  const inner = madeIndex([{ image, platform: 'linux/amd64' }]);
  const lying = madeIndex([{ image: inner, platform: 'linux/amd64' }], { index: (index) => ({ ...index, manifests: (index['manifests'] as Entry[]).map((entry) => ({ ...entry, mediaType: ociTypes.manifest })) }) });
  registry.put('app', 'latest', lying);
  await refuses(t, place, /delivered as|ambiguous/);
  registry.put('app', 'latest', bent((manifest) => ({ ...manifest, Layers: [] })));
  await refuses(t, place, /Layers/);
});

test('CVE class M: a wrong digest or size of manifest, config or layer, and a wrong diffID, are refused', async (t) => {
  const place = await start(t);
  const { registry, world } = place;
  registry.put('app', 'latest', image);
  for (const [what, fault, reason] of [
    ['config', wrongBody(), /digest/],
    ['layer', wrongBody(), /digest/],
    ['config', bend((answer) => ({ ...answer, body: Buffer.concat([answer.body, Buffer.from(' ')]) })), /bytes, its descriptor says/],
    ['layer', bend((answer) => ({ ...answer, headers: {}, body: Buffer.concat([answer.body, Buffer.from('x')]) })), /bytes, its descriptor says/],
    ['layer', noLength(), undefined],
  ] as const) {
    const digest = what === 'config' ? image.imageID : layerDigest(image);
    const heal = registry.on(new RegExp(`/blobs/${digest}`), fault);
    if (reason === undefined) {
      t.is((await skiffBeside(world, ['pull', '-q', place.name])).code, 0, 'without a length all is well');
      world.ok('rmi', place.name);
    } else await refuses(t, place, reason);
    heal();
  }
  const asked = { ...place, name: `${place.name}@${image.digest}` };
  const heal = registry.on(/manifests/, wrongBody());
  await refuses(t, asked, /digest/);
  heal();
  for (const made of [withLayer({ size: 3 }), withLayer({ size: 10_000_000 }), withConfig({ size: 3 })]) {
    registry.put('app', 'latest', made);
    await refuses(t, place, /its descriptor says/);
  }
  registry.put('app', 'latest', madeImage([layer], { config: (config) => ({ ...config, rootfs: { type: 'layers', diff_ids: [`sha256:${'0'.repeat(64)}`] } }) }));
  await refuses(t, place, /diffID/);
  registry.put('app', 'latest', madeImage([layer], { config: (config) => ({ ...config, rootfs: { type: 'layers', diff_ids: [] } }) }));
  await refuses(t, place, /1 layers, its config 0/);
  t.deepEqual(blobFiles(world), []);
});

test('CVE class M: a tag that moves during the pull gives one image or the other, never a mixture', async (t) => {
  const { world, registry, name } = await start(t);
  const other = madeImage([makeLayer({ other: 'other' })]);
  registry.put('app', 'latest', madeIndex([{ image, platform: 'linux/amd64' }]));
  registry.on(new RegExp(`/manifests/${image.digest}`), async (exchange) => {
    registry.put('app', 'latest', other);
    const { send } = await import('../helpers/faults.ts');
    send(exchange, await exchange.answer());
  }, 1);
  const { stdout } = await skiffBeside(world, ['pull', '-q', name]);
  t.is(stdout.trim(), image.imageID.slice(7));
});

test('CVE class L: foreign layers are refused, and their addresses are not asked (CVE-2020-15157)', async (t) => {
  const place = await start(t);
  const elsewhere = await startFaultRegistry(t);
  for (const change of [{ urls: [`${elsewhere.url}/layer`] }, { mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', urls: [`${elsewhere.url}/layer`] }, { mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip' }]) {
    place.registry.put('app', 'latest', withLayer(change));
    await refuses(t, place, /foreign/);
  }
  t.is(elsewhere.requests.length, 0);
});

test('CVE class L: a blob that is redirected to another host comes without our password', async (t) => {
  const elsewhere = await startFaultRegistry(t);
  const registry = await startFaultRegistry(t, { auth: 'basic', users: { me: 'top-secret' } });
  const world = makeWorld(t);
  reach(world, registry);
  registry.put('app', 'latest', image);
  elsewhere.put('app', 'latest', image);
  registry.on(/\/blobs\//, redirect((exchange) => `http://127.0.0.1:${elsewhere.port}${exchange.url.pathname}`));
  const { code, stderr } = await skiffBeside(world, ['pull', '-q', '--creds', 'me:top-secret', `${registry.domain}/app`]);
  t.is(code, 0, stderr);
  t.true(elsewhere.requests.length > 0);
  t.deepEqual(elsewhere.carrying('top-secret'), []);
});

test('CVE class N: a manifest of 100 MB, a config of 100 MB and a deep config are refused in little memory', async (t) => {
  const place = await start(t);
  const { registry } = place;
  registry.put('app', 'latest', image);
  const heal = registry.on(/manifests/, hugeManifest(100_000_000));
  await refuses(t, place, /manifest|large|bytes/i);
  heal();
  registry.put('app', 'latest', withConfig({ size: 100_000_000 }));
  await refuses(t, place, /config .* is too large: 100000000 bytes/);
  // One that says little and sends much.
  registry.put('app', 'latest', image);
  const endless = registry.on(new RegExp(`/blobs/${image.imageID}`), ({ response }) => { response.end(Buffer.alloc(100_000_000, 0x20)); });
  await refuses(t, place, /bytes, its descriptor says/);
  endless();
  const deep = Buffer.from(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`);
  registry.blobs.set(`sha256:${sha256(deep)}`, deep);
  registry.put('app', 'latest', withConfig({ digest: `sha256:${sha256(deep)}`, size: deep.length }));
  await refuses(t, place, /config/);
});

test('CVE class N: indexes that are nested without end are refused', async (t) => {
  const place = await start(t);
  const { registry } = place;
  let nested: MadeImage = image;
  for (let depth = 0; depth < 10; depth++) nested = madeIndex([{ image: nested, platform: 'linux/amd64' }]);
  registry.put('app', 'latest', nested);
  await refuses(t, place, /nested/);
  // A real circle can't have its digest right; where it is wrong, that is told.
  const circle = madeIndex([{ image, platform: 'linux/amd64' }]);
  registry.put('app', 'latest', circle);
  registry.manifests.set(`app@${image.digest}`, { raw: circle.raw, mediaType: circle.mediaType });
  await refuses(t, place, /digest/);
});

test('CVE class N: layers that inflate a thousandfold, in gzip and in zstd, are refused; the disk and the memory are bounded', async (t) => {
  const place = await start(t);
  const { registry, world } = place;
  // A gigabyte of zeros in one file. Its diffID is right: nothing but the limit refuses it.
  const sizeBytes = 1024 * 1024 * 1024;
  const head = makeTar([{ name: 'zeros', data: '', size: sizeBytes }], { end: false }).subarray(0, 512);
  const source = join(world.dir, 'bomb.tar');
  execFileSync('sh', ['-c', `cat - "$1" > "$2"`, 'sh', '/dev/null', source], { input: head });
  execFileSync('truncate', ['-s', String(512 + sizeBytes + 1024), source]);
  const hash = createHash('sha256');
  for await (const chunk of (await import('node:fs')).createReadStream(source)) hash.update(chunk as Buffer);
  const diffID = `sha256:${hash.digest('hex')}`;
  for (const [command, mediaType] of [['gzip -9c', ociTypes.gzip], ['zstd -c', 'application/vnd.oci.image.layer.v1.tar+zstd']] as const) {
    const bytes = execFileSync('sh', ['-c', `${command} "$1"`, 'sh', source], { maxBuffer: 1 << 28 });
    const made = madeImage([layer], {
      pack: () => ({ bytes, mediaType }), config: (config) => ({ ...config, rootfs: { type: 'layers', diff_ids: [diffID] } }),
    });
    registry.put('app', 'latest', made);
    await refuses(t, place, /inflate to more than .*: refused as a decompression bomb/);
    t.true(Number(/^\d+/.exec(world.run(['du', '-sk', world.root]).stdout)?.[0]) < 20_000);
  }
  t.is(world.run(['rm', source]).code, 0);
  // gzip in gzip is a tar that is none.
  registry.put('app', 'latest', madeImage([gzipSync(gzipSync(Buffer.alloc(10_000_000)))]));
  await refuses(t, place, /tar|archive|invalid/i);
});

test('CVE class N: a layer that says it is larger than the disk is refused before its first byte', async (t) => {
  const place = await start(t);
  place.registry.put('app', 'latest', withLayer({ size: Number.MAX_SAFE_INTEGER }));
  await refuses(t, place, /the manifest claims 9\.01PB that are not here yet; \S+ are free/);
  t.deepEqual(blobFiles(place.world), []);
});

test('a damaged layer that an earlier pull left is fetched again, also where sha512 names it', async (t) => {
  const { world, registry, name } = await start(t);
  const [bytes = Buffer.alloc(0)] = image.blobs;
  for (const algorithm of ['sha256', 'sha512']) {
    const digest = `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
    registry.put('app', 'latest', withLayer({ digest }));
    registry.blobs.set(digest, bytes);
    for (const left of [undefined, Buffer.alloc(bytes.length), Buffer.concat([bytes.subarray(0, 20), Buffer.alloc(bytes.length - 20)])]) {
      if (left !== undefined) writeFileSync(join(world.root, 'skiff', 'blobs', digest.replace(':', '-')), left);
      const { code, stderr } = await skiffBeside(world, ['pull', '-q', name]);
      t.is(code, 0, `${algorithm}: ${stderr}`);
      t.deepEqual(blobFiles(world), []);
      world.ok('rmi', name);
    }
  }
});

test('CVE class N: a million tiny entries cost bounded memory, and are refused', async (t) => {
  const { world, registry, name } = await start(t);
  // Hard links to one file: a header each, and no inode.
  const count = 1_000_000;
  const first = makeTar([{ name: 'x', data: 'x' }], { end: false });
  const body = Buffer.alloc(count * 512);
  const template = makeTar([{ name: 'd/00/0000000', type: '1', link: 'x' }], { end: false });
  for (let at = 0; at < count; at++) {
    template.write(`d/${String(at % 100).padStart(2, '0')}/${String(at).padStart(7, '0')}`, 0, 'latin1');
    template.write('        ', 148, 'latin1');
    let sum = 0;
    for (let byte = 0; byte < 512; byte++) sum += template[byte] ?? 0;
    template.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    template.copy(body, at * 512, 0, 512);
  }
  const tar = Buffer.concat([first, body, Buffer.alloc(1024)]);
  registry.put('app', 'latest', madeImage([tar], { pack: (bytes) => ({ bytes: gzipSync(bytes, { level: 1 }), mediaType: ociTypes.gzip }) }));
  const { code, stderr, peak } = await measured(world, ['pull', '-q', name]);
  t.true(peak.bytes < mostBytes, shown(peak));
  t.is(code, 125);
  // ext4 takes 65000 links of one file.
  t.regex(stderr, /^Error: pull .*(?:hold \d+ entries and more: refused as a decompression bomb|link)/m);
  t.is(world.ok('images', '-a', '-q'), '');
  t.deepEqual(auditStore(world), []);
});

test('CVE class I, J: a layer that climbs out, and whiteouts of nothing, are refused on their way from a registry as well', async (t) => {
  const place = await start(t);
  for (const name of ['../out', 'a/../../out', '.wh..', 'a/.wh...', '.wh.']) {
    place.registry.put('app', 'latest', madeImage([makeTar([{ name, data: 'x' }])]));
    await refuses(t, place, /layer sha256:.*(?:out|wh)/);
  }
  place.registry.put('app', 'latest', madeImage([makeTar([{ name: 'link', type: '2', link: '/etc' }, { name: 'link/skiff-was-here', data: 'x' }])]));
  const { code } = await skiffBeside(place.world, ['pull', '-q', place.name]);
  t.not(code, null);
  t.is(place.world.run(['test', '-e', '/etc/skiff-was-here']).code, 1);
});

test('names with control characters and other nonsense are refused before anything is asked', async (t) => {
  const { world, registry, name } = await start(t);
  for (const bad of ['app\u001b[31m', 'app\nx', `${name}\u0007`, `${registry.domain}/UPPER`, `${registry.domain}/../x`, 'docker://', `${name}@sha256:../../x`, `${name}:`, '']) {
    const { code, stderr } = await skiffBeside(world, ['pull', bad]);
    t.is(code, 125, JSON.stringify(bad));
    // oxlint-disable-next-line no-control-regex -- these are what must not come back
    t.notRegex(stderr, /[\x00-\x09\x0b-\x1f\x7f]/);
  }
  t.is(registry.requests.length, 0);
  // Nor does a listing show them, which says how many it lacks.
  registry.on(/tags\/list/, status(200, { body: JSON.stringify({ name: 'app', tags: ['1', 'a\u001b[31m', '2', 'b\nc'] }) }));
  registry.on(/v1\/search/, status(404));
  registry.on(/_catalog/, status(200, { body: JSON.stringify({ repositories: ['app', 'x\u0007'] }) }));
  const tags = await skiffBeside(world, ['search', '--list-tags', '--limit', '0', '--format', '{{.Tag}}', name]);
  t.deepEqual([tags.stdout, tags.stderr], ['1\n2\n', `warning: ${name}: tags left out, whose names no reference can hold: 2\n`]);
  const found = await skiffBeside(world, ['search', '--limit', '0', '--format', '{{.Name}}', `${registry.domain}/`]);
  t.deepEqual([found.stdout, found.stderr], [`${name}\n`, `warning: ${registry.domain}: repositories left out, whose names no reference can hold: 1\n`]);
  // What a registry says reaches the terminal without its control characters.
  registry.on(/manifests/, status(404, { body: JSON.stringify({ errors: [{ code: 'MANIFEST_UNKNOWN', message: '\u001b[31mred\u0007' }] }) }));
  // oxlint-disable-next-line no-control-regex -- as above
  t.notRegex((await skiffBeside(world, ['pull', name])).stderr, /[\x00-\x09\x0b-\x1f\x7f]/);
});

test('a signature or a chart is no image; schema 1 is refused with a remedy', async (t) => {
  const place = await start(t);
  place.registry.put('app', 'latest', withConfig({ mediaType: 'application/vnd.cncf.helm.config.v1+json' }));
  await refuses(t, place, /not a container image/);
  place.registry.manifests.set('app:latest', { raw: Buffer.from('{"schemaVersion":1,"fsLayers":[],"history":[]}'), mediaType: 'application/vnd.docker.distribution.manifest.v1+json' });
  t.regex(await refuses(t, place, /schema version 1/), /hint: /);
});

test('what passes is waited for: 429 with Retry-After, 503 and cuts', async (t) => {
  const { world, registry, name } = await start(t);
  registry.put('app', 'latest', image);
  registry.on(/manifests/, tooMany('1'), 1);
  registry.on(new RegExp(`/blobs/${image.imageID}`), status(503), 1);
  registry.on(new RegExp(`/blobs/${layerDigest(image)}`), cutBody(10), 2);
  const { code, stderr } = await skiffBeside(world, ['pull', name]);
  t.is(code, 0, stderr);
  t.regex(stderr, /warning: GET .*\/manifests\/.*: 429 .*; attempt 2 of 4 in 1(?:\.\d)? s/, 'a wait that the registry asks for is told');
});

test('a policy that rejects, or wants signatures, refuses before anything is asked', async (t) => {
  const place = await start(t);
  place.registry.put('app', 'latest', image);
  place.registry.requests.length = 0;
  const file = join(place.world.home, '.config', 'containers', 'policy.json');
  writeFileSync(file, JSON.stringify({ default: [{ type: 'reject' }] }));
  await refuses(t, place, /rejected by policy/);
  writeFileSync(file, JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }], transports: { docker: { [place.registry.domain]: [{ type: 'sigstoreSigned', keyPath: '/k' }] } } }));
  await refuses(t, place, /requires sigstoreSigned/);
  t.is(place.registry.requests.length, 0);
});
