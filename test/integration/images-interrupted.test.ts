/** ctrl-c and its kin in the middle of save, load, import and commit: one line, the signal's exit code, and nothing left behind. */
import { closeSync, constants, existsSync, openSync, readFileSync, readSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { auditStore } from '../helpers/audit.ts';
import { until as untilTrue, within } from '../helpers/deadline.ts';
import { importBusybox } from '../helpers/images.ts';
import { dockerMembers, makeImage, makeLayer, makeTar } from '../helpers/make-archive.ts';
import { requires } from '../helpers/requires.ts';
import type { Running, World } from '../helpers/world.ts';
import { makeWorld } from '../helpers/world.ts';

const large = makeImage([makeLayer({ one: '1'.repeat(90_000_000) }), makeLayer({ two: '2'.repeat(90_000_000) })]);
const archive = makeTar(dockerMembers(large, ['localhost/large:1']));

function leases(world: World): string[] {
  const folder = join(world.root, 'image/overlay2/layerdb/tmp');
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('lease-')) : [];
}

async function until(running: Running, condition: () => boolean): Promise<void> {
  const said = (): string => `${running.stdout()}${running.stderr()}`;
  const { child } = running;
  await untilTrue(condition, said, () => (child.exitCode === null && child.signalCode === null ? undefined : `ended too early: ${said()}`));
}

async function isEnded(t: ExecutionContext, running: Running, signal: 'SIGINT' | 'SIGTERM'): Promise<void> {
  running.child.kill(signal);
  t.deepEqual(await running.exit, { code: signal === 'SIGINT' ? 130 : 143, signal: null });
  t.is(running.stderr(), `Error: interrupted by ${signal}\n`);
  t.is(running.stdout(), '');
}

test('save leaves the folder as it was, and the file that was there before', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  t.is(world.skiff(['load', '-q'], { input: archive }).code, 0);
  const path = join(world.dir, 'saved.tar');
  writeFileSync(path, 'before');
  const before = readdirSync(world.dir);
  for (const args of [[], ['--format', 'oci-archive'], ['--compression-format', 'gzip']]) {
    const running = world.start(['save', '-q', ...args, '-o', path, 'large:1']);
    await until(running, () => readdirSync(world.dir).length > before.length);
    await isEnded(t, running, 'SIGINT');
    t.deepEqual(readdirSync(world.dir), before);
  }
  t.deepEqual(leases(world), []);
  t.deepEqual(auditStore(world), []);
});

test('save into a pipe ends whether nobody has opened it or nobody reads it', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  t.is(world.skiff(['load', '-q'], { input: archive }).code, 0);
  const pipe = join(world.dir, 'pipe');
  t.is(world.run(['mkfifo', pipe]).code, 0);
  const unopened = world.start(['save', '-q', '-o', pipe, 'large:1']);
  await until(unopened, () => hears(unopened));
  await isEnded(t, unopened, 'SIGTERM');
  const unread = world.start(['save', '-q', '-o', pipe, 'large:1']);
  // Not one that blocks: this process would stand still for ever if nobody came to write.
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  await until(unread, () => hasByte(reader));
  await isEnded(t, unread, 'SIGINT');
  closeSync(reader);
  t.deepEqual(auditStore(world), []);
});

test('load and import keep nothing: from a file, from a pipe that says no more, from one that nobody has opened', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const [path, layer, pipe] = ['archive.tar', 'layer.tar', 'pipe'].map((name) => join(world.dir, name)) as [string, string, string];
  writeFileSync(path, archive);
  writeFileSync(layer, large.layers[0] ?? '');
  t.is(world.run(['mkfifo', pipe]).code, 0);
  for (const args of [['load', '-q', '-i', path], ['import', layer]]) {
    const running = world.start(args);
    await until(running, () => leases(world).length > 0);
    await isEnded(t, running, 'SIGINT');
    t.deepEqual(leases(world), []);
  }
  for (const args of [['load', '-q'], ['import', '-']]) {
    const running = world.start(args, { stdin: 'pipe' });
    // More than a pipe holds: when it is taken, someone reads.
    await within(new Promise((resolve) => { running.child.stdin?.write(archive.subarray(0, 2_000_000), resolve); }), running.stderr);
    await until(running, () => hears(running));
    await isEnded(t, running, 'SIGTERM');
    t.deepEqual(leases(world), []);
  }
  for (const args of [['load', '-q', '-i', pipe], ['import', pipe]]) {
    const running = world.start(args);
    await until(running, () => hears(running));
    await isEnded(t, running, 'SIGINT');
  }
  t.is(world.ok('images', '-a', '-q'), '');
  t.deepEqual(auditStore(world), []);
});

test('commit keeps nothing, and the container stays', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('run', '--network', 'none', '--name', 'work', 'base', 'dd', 'if=/dev/zero', 'of=/large', 'bs=1M', 'count=200');
  const before = world.ok('images', '-a', '-q');
  const running = world.start(['commit', '-q', 'work', 'made']);
  await until(running, () => leases(world).length > 0);
  await isEnded(t, running, 'SIGINT');
  t.deepEqual(leases(world), []);
  t.is(world.ok('images', '-a', '-q'), before);
  t.is(world.ok('ps', '-a', '--format', '{{.Names}}'), 'work');
  t.deepEqual(auditStore(world), []);
});

function hasByte(fd: number): boolean {
  try {
    return readSync(fd, Buffer.alloc(1)) === 1;
  } catch (error) {
    if ((error as { code?: string }).code === 'EAGAIN') return false;
    throw error;
  }
}

/** Whether its own handlers are in place, of which SIGHUP's is the last; Node itself catches others. */
function hears({ child: { pid = 0 } }: Running): boolean {
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return (BigInt(`0x${caught}`) & 1n) !== 0n;
}
