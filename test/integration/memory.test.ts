/** What the transfers of an image cost in memory, with everything they start: bounds that do not grow with the image. */
import { randomBytes } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { makeTar } from '../helpers/make-archive.ts';
import { madeImage } from '../helpers/make-image.ts';
import type { MadeImage, MadeImageOptions } from '../helpers/make-image.ts';
import type { Peak } from '../helpers/memory.ts';
import { peakOf, shown } from '../helpers/memory.ts';
import { reach } from '../helpers/pull.ts';
import { pushImage, startRegistry } from '../helpers/registry.ts';
import { requires } from '../helpers/requires.ts';
import type { World } from '../helpers/world.ts';
import { makeWorld } from '../helpers/world.ts';

const mostOfPull = 150_000_000;
/** Three layers at once, each with what compresses it. */
const mostOfPush = 220_000_000;

/** Six layers of 24 MB in 400 files each, which compress to a half. */
const tars = Array.from({ length: 6 }, () => makeTar(Array.from({ length: 400 }, (_, at) => ({ name: `f${at}`, data: randomBytes(30_000).toString('hex') }))));

const zstd: MadeImageOptions = { pack: (tar) => ({ bytes: spawnSync('zstd', ['-q', '-c'], { input: tar, maxBuffer: 1 << 28 }).stdout, mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd' }) };

async function within(t: ExecutionContext, world: World, args: readonly string[], most: number): Promise<Peak> {
  const peak = await peakAt(t, world, args);
  t.true(peak.looks > 10);
  t.log(`${args.slice(0, 2).join(' ')}: ${shown(peak)}`);
  t.true(peak.bytes > 40_000_000 && peak.bytes < most, shown(peak));
  return peak;
}

async function peakAt(t: ExecutionContext, world: World, args: readonly string[]): Promise<Peak> {
  const running = world.start(args);
  const peak = await peakOf(running.child);
  t.is((await running.exit).code, 0, running.stderr());
  return peak;
}

/** `empty`: where nothing of the image is yet. */
async function start(t: ExecutionContext, image: MadeImage): Promise<{ world: World; name: string; empty: string }> {
  const [registry, other] = [await startRegistry(t), await startRegistry(t)];
  const world = makeWorld(t);
  reach(world, registry);
  reach(world, other);
  await pushImage(registry, 'app', 'latest', image);
  return { world, name: `${registry.domain}/app`, empty: `${other.domain}/app` };
}

const push = ['push', '-q', '--force-compression', '--compression-format'];

test.serial('pull and push of an image in gzip stay under their bound, all processes together', async (t) => {
  if (!requires(t, 'userns', 'docker-registry')) return;
  const { world, name, empty } = await start(t, madeImage(tars));
  await within(t, world, ['pull', '-q', name], mostOfPull);
  await within(t, world, [...push, 'gzip', name, `${empty}:gzip`], mostOfPush);
});

test.serial('pull and push of an image in zstd stay under their bound, all processes together', async (t) => {
  if (!requires(t, 'userns', 'docker-registry')) return;
  const { world, name, empty } = await start(t, madeImage(tars, zstd));
  await within(t, world, ['pull', '-q', name], mostOfPull);
  await within(t, world, [...push, 'zstd', '--compression-level', '4', name, `${empty}:zstd`], mostOfPush);
});

test.serial('a push at a high level of zstd compresses one layer at a time', async (t) => {
  if (!requires(t, 'userns', 'docker-registry')) return;
  const words = Array.from({ length: 200 }, () => randomBytes(20).toString('hex'));
  const text = (): string => Array.from({ length: 20_000 }, () => words[randomBytes(1)[0] ?? 0] ?? '').join(' ');
  const { world, name, empty } = await start(t, madeImage(Array.from({ length: 4 }, () => makeTar([{ name: 'text', data: text() }]))));
  t.is(world.skiff(['pull', '-q', name]).code, 0);
  const peak = await within(t, world, [...push, 'zstd', '--compression-level', '19', name, `${empty}:high`], mostOfPush);
  t.true(peak.parts.filter(({ command }) => command === 'zstd').length <= 1, shown(peak));
});
