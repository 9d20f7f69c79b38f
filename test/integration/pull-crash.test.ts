/**
 * A pull, cut anywhere: by SIGKILL at the steps that change something (strace injects it at the N-th call of one system call, for N = 1, 2,
 * 4, … until the pull comes through whole), by the network, by a full disk. Afterwards the store has the old image or the new one, no
 * half-made name, and the next pull comes through, with what was downloaded.
 */
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { auditStore } from '../helpers/audit.ts';
import { startFaultRegistry } from '../helpers/fault-registry.ts';
import type { FaultRegistry } from '../helpers/fault-registry.ts';
import { cutBody } from '../helpers/faults.ts';
import { importBusybox } from '../helpers/images.ts';
import { makeLayer } from '../helpers/make-archive.ts';
import { madeImage } from '../helpers/make-image.ts';
import { blobFiles, layerDigest, reach, skiffBeside } from '../helpers/pull.ts';
import { requires } from '../helpers/requires.ts';
import { makeWorld, skiffBin } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';

const changing = ['rename', 'unlink', 'mkdir', 'symlink', 'fsync', 'syncfs', 'flock', 'pwritev', 'pwrite64', 'ftruncate', 'utimensat', 'execve', 'clone3', 'wait4'] as const;

/** Incompressible, so that a download takes several steps; the same each time. */
function noise(length: number, seed: number): string {
  let state = seed;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return String.fromCharCode(33 + ((state >>> 16) % 90));
  }).join('');
}

const base = makeLayer({ base: noise(900_000, 1) });
const older = madeImage([base, makeLayer({ version: '1', a: noise(100_000, 2) })]);
const newer = madeImage([base, makeLayer({ version: '2', b: noise(900_000, 3) }), makeLayer({ c: noise(200_000, 4) })]);

async function start(t: ExecutionContext): Promise<{ world: World; registry: FaultRegistry; name: string }> {
  const registry = await startFaultRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  // Keeps the user namespace, so that the launcher joins it and no set-uid program has to run under strace.
  importBusybox(world, 'localhost/anchor:1');
  world.ok('run', '-d', '--name', 'anchor', '--network', 'none', 'localhost/anchor:1', 'sleep', '100000');
  return { world, registry, name: `${registry.domain}/app` };
}

async function beside(world: World, argv: readonly string[]): Promise<{ code: number | null; stderr: string }> {
  const { spawn } = await import('node:child_process');
  const child = spawn(argv[0] ?? '', argv.slice(1), { env: world.env, cwd: world.home, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (bytes: Buffer) => { stderr += bytes.toString(); });
  return { code: await new Promise<number | null>((resolve) => { child.on('close', resolve); }), stderr };
}

/** What the name leads to: one image or the other, whole. */
function standing(world: World, name: string): string {
  const found = world.skiff(['image', 'inspect', '--format', '{{.Id}}', name]);
  return found.code === 0 ? `sha256:${found.stdout.trim().replace('sha256:', '')}` : '';
}

test('killed at any step: the old image or the new one, and the next pull comes through', async (t) => {
  if (!requires(t, 'strace')) return;
  const { world, registry, name } = await start(t);
  registry.put('app', 'latest', older);
  t.is((await skiffBeside(world, ['pull', '-q', name])).code, 0);
  registry.put('app', 'latest', newer);
  let cuts = 0;
  for (const call of changing) {
    for (let n = 1; ; n *= 2) {
      const cut = await beside(world, ['strace', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${n}`, skiffBin, 'pull', '-q', name]);
      const where = `cut at ${call} ${n} (exit ${cut.code}): ${cut.stderr}`;
      const led = standing(world, name);
      t.true(led === older.imageID || led === newer.imageID, `${where}: ${led}`);
      const { code, stderr } = await skiffBeside(world, ['pull', '-q', name]);
      t.is(code, 0, `${where}: ${stderr}`);
      t.is(standing(world, name), newer.imageID, where);
      const problems = auditStore(world);
      t.deepEqual(problems, [], where);
      if (problems.length > 0) return;
      // Back to the old one, without what the pull left.
      registry.put('app', 'latest', older);
      t.is((await skiffBeside(world, ['pull', '-q', name])).code, 0);
      world.ok('image', 'prune', '-f');
      registry.put('app', 'latest', newer);
      if (cut.code === 0) break;
      cuts++;
    }
  }
  t.true(cuts > 20, `the pull was cut ${cuts} times`);
});

test('killed again and again, a pull still gets there: no byte that is on the disk is downloaded twice', async (t) => {
  if (!requires(t, 'strace')) return;
  const { world, registry, name } = await start(t);
  registry.put('app', 'latest', newer);
  for (let n = 1; n < 8; n++) {
    const { code } = await beside(world, ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'trace=pwritev', '-e', `inject=pwritev:signal=SIGKILL:when=${n}`, skiffBin, 'pull', '-q', name]);
    if (code === 0) break;
  }
  const { code, stderr } = await skiffBeside(world, ['pull', '-q', name]);
  t.is(code, 0, stderr);
  const asked = registry.requests.filter(({ line }) => line.endsWith(layerDigest(newer)));
  const from = asked.map(({ headers }) => Number(/^bytes=(\d+)-/.exec(String(headers.range))?.[1] ?? 0));
  t.deepEqual(from, from.toSorted((a, b) => a - b), 'each attempt begins where the one before ended');
  t.true((from.at(-1) ?? 0) > 0, `asked from ${from.join(', ')}`);
  t.deepEqual(blobFiles(world), []);
  t.deepEqual(auditStore(world), []);
});

test('the network is cut at any byte: one message, the old state, and the next pull goes on there', async (t) => {
  const { world, registry, name } = await start(t);
  registry.put('app', 'latest', newer);
  const size = newer.blobs[1]?.length ?? 0;
  for (const at of [0, 1, 1000, Math.floor(size / 2), size - 1]) {
    const heal = registry.on(new RegExp(`/blobs/${layerDigest(newer, 1)}`), cutBody(at));
    const failed = await skiffBeside(world, ['pull', '-q', name]);
    heal();
    // Of the last byte but one the rest is a byte: that attempt gets through.
    if (failed.code === 0) {
      world.ok('rmi', name);
      continue;
    }
    t.regex(failed.stderr, /^Error: pull .*\n$/);
    t.is(standing(world, name), '');
    t.deepEqual(auditStore(world), []);
  }
  t.is((await skiffBeside(world, ['pull', '-q', name])).code, 0);
  t.deepEqual(blobFiles(world), []);
});

test('the disk fills up: NO_SPACE is told, the old state stays, and with room again the pull comes through', async (t) => {
  const { world, registry, name } = await start(t);
  registry.put('app', 'latest', newer);
  if (!requires(t, 'strace')) return;
  for (const [call, n] of [['pwritev', 1], ['pwritev', 3], ['pwrite64', 2], ['mkdir', 5]] as const) {
    const full = await beside(world, ['strace', '-f', '-qq', '-o', join(world.dir, 'trace'), '-e', `trace=${call}`, '-e', `inject=${call}:error=ENOSPC:when=${n}+`, skiffBin, 'pull', '-q', name]);
    if (full.code !== 0) {
      t.is(full.code, 125, `${call} ${n}: ${full.stderr}`);
      t.regex(full.stderr, /^Error: pull .*no space left on device/m, `${call} ${n}`);
    }
    t.is(standing(world, name), full.code === 0 ? newer.imageID : '', `${call} ${n}`);
    t.deepEqual(auditStore(world), [], `${call} ${n}`);
    const { code, stderr } = await skiffBeside(world, ['pull', '-q', name]);
    t.is(code, 0, stderr);
    t.deepEqual(blobFiles(world), []);
    world.ok('rmi', name);
  }
});
