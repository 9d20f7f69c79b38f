/** Pulls that are under way, were killed or were refused: `system df` and `system prune` know what they have on the disk, and nothing of them stays for good. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { auditStore } from '../helpers/audit.ts';
import { until } from '../helpers/deadline.ts';
import { startFaultRegistry } from '../helpers/fault-registry.ts';
import { stall } from '../helpers/faults.ts';
import { makeLayer, sha256 } from '../helpers/make-archive.ts';
import { madeImage } from '../helpers/make-image.ts';
import { layerDigest, reach, skiffBeside } from '../helpers/pull.ts';
import { requires } from '../helpers/requires.ts';
import type { World } from '../helpers/world.ts';
import { makeWorld } from '../helpers/world.ts';

interface Line { Total: number; Active: number; RawSize: number; RawReclaimable: number }

const unfinished = (world: World): Line | undefined =>
  (JSON.parse(world.ok('system', 'df', '--format', 'json')) as (Line & { Type: string })[]).find(({ Type }) => Type === 'Unfinished Pulls');

/** What du(1) counts of all that a pull has made in a store without layers. */
function du(world: World): number {
  const script = `cd ${world.root}; du -s -c -x -B1 skiff/blobs overlay2/????????????????* $(find image/overlay2/layerdb/tmp -name 'skiff-*' -type d) | tail -n 1`;
  return Number(world.ok('unshare', 'sh', '-ec', script).split('\t')[0]);
}

test('system df counts downloads and half-unpacked layers as du does; of a pull under way nothing is reclaimable, of one that was killed all is', async (t) => {
  if (!requires(t, 'userns')) return;
  const registry = await startFaultRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  const image = madeImage([makeLayer({ a: randomBytes(600_000).toString('hex') }), makeLayer({ b: randomBytes(900_000).toString('hex') })]);
  registry.put('app', 'latest', image);
  registry.on(new RegExp(`GET .*/blobs/${layerDigest(image, 1)}`), stall(500_000), 1);
  const pull = world.start(['pull', '-q', `${registry.domain}/app`]);
  // Both blobs, both layers, and all that will come has come.
  let live: Line | undefined;
  await until(() => {
    live = unfinished(world);
    return live?.Total === 4 && live.RawSize > 3_000_000 && du(world) === live.RawSize && unfinished(world)?.RawSize === live.RawSize;
  }, () => JSON.stringify(live));
  t.deepEqual([live?.Active, live?.RawReclaimable], [4, 0]);
  t.is(world.ok('system', 'prune', '-f'), 'Total reclaimed space: 0B');
  t.is(unfinished(world)?.RawSize, live?.RawSize);
  pull.child.kill('SIGKILL');
  await pull.exit;
  let dead: Line | undefined;
  await until(() => {
    dead = unfinished(world);
    return dead?.Active === 0;
  }, () => JSON.stringify(dead));
  const { RawSize = 0, RawReclaimable = 0 } = dead ?? {};
  t.is(RawSize, du(world));
  t.true(RawReclaimable > 3_000_000 && RawReclaimable <= RawSize);
  const check = world.skiff(['system', 'check']);
  t.is(check.code, 0, check.stderr);
  t.regex(check.stdout, /^leftover image\/overlay2\/layerdb\/tmp\/skiff-\w+: a layer that was never finished$/m);
  t.regex(world.ok('system', 'prune', '-f'), /^Total reclaimed space: \d(\.\d+)?MB$/);
  t.is(unfinished(world), undefined);
  t.is(world.ok('system', 'check'), '');
  t.is((await skiffBeside(world, ['pull', '-q', `${registry.domain}/app`])).code, 0);
  t.deepEqual(auditStore(world), []);
});

test('pulling, removing and refused pulls, again and again, leave no file behind', async (t) => {
  if (!requires(t, 'userns')) return;
  const registry = await startFaultRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  const files = (): string[] => world.ok('unshare', 'find', world.root, '-type', 'f').split('\n').map((path) => path.slice(world.root.length + 1)).toSorted();
  const content = makeLayer({ a: 'a' });
  const round = async (n: number): Promise<void> => {
    registry.put('app', 'latest', madeImage([content, makeLayer({ [`b${n}`]: 'b' })]));
    const name = `${registry.domain}/app`;
    t.is((await skiffBeside(world, ['pull', '-q', name])).code, 0);
    world.ok('rmi', name);
    const layer = makeLayer({ [`c${n}`]: 'c' });
    registry.put('app', 'latest', madeImage([layer], { config: (config) => ({ ...config, rootfs: { type: 'layers', diff_ids: [`sha256:${String(n).repeat(64)}`] } }) }));
    t.is((await skiffBeside(world, ['pull', '-q', name])).code, 125);
    registry.put('app', 'latest', madeImage([layer], { manifest: (manifest) => ({ ...manifest, layers: [{ ...(manifest['layers'] as object[])[0], size: 5 }] }) }));
    t.is((await skiffBeside(world, ['pull', '-q', name])).code, 125);
  };
  await round(1);
  const before = files();
  t.deepEqual(before.filter((path) => /distribution\/.|layerdb\/.|blobs\/.|imagedb\/.|manifests\/./.test(path)), []);
  await round(2);
  await round(3);
  t.deepEqual(files(), before);
  t.is(unfinished(world), undefined);
});

test('a layer of another image keeps what is known of it', async (t) => {
  if (!requires(t, 'userns')) return;
  const registry = await startFaultRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  const shared = makeLayer({ a: 'a' });
  const own = makeLayer({ one: '1' });
  registry.put('one', 'latest', madeImage([shared, own]));
  // Not at the bottom: another layer with the same tar.
  registry.put('two', 'latest', madeImage([makeLayer({ two: '2' }), shared]));
  for (const name of ['one', 'two']) t.is((await skiffBeside(world, ['pull', '-q', `${registry.domain}/${name}`])).code, 0);
  const known = (tar: Buffer): boolean => existsSync(join(world.root, 'image/overlay2/distribution/v2metadata-by-diffid/sha256', sha256(tar)));
  t.deepEqual([known(shared), known(own)], [true, true]);
  world.ok('rmi', `${registry.domain}/one`);
  t.deepEqual([known(shared), known(own)], [true, false]);
  world.ok('rmi', `${registry.domain}/two`);
  t.false(known(shared));
});
