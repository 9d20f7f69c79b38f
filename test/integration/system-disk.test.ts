/** `system df`, `system prune`, `container prune`, `image prune`: what is on the disk, and what goes. */
import { existsSync, mkdirSync, readFileSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { humanSize } from '../../src/lib/units.ts';
import { auditStore } from '../helpers/audit.ts';
import { importBusybox } from '../helpers/images.ts';
import { requires } from '../helpers/requires.ts';
import { openTerminal } from '../helpers/terminal.ts';
import type { World } from '../helpers/world.ts';
import { makeWorld, skiffBin } from '../helpers/world.ts';

interface Line { Type: string; Total: number; Active: number; RawSize: number; RawReclaimable: number; TotalCount: number; Size: string; Reclaimable: string }
const df = (world: World): Record<string, Line> => Object.fromEntries((JSON.parse(world.ok('system', 'df', '--format', 'json')) as Line[]).map((line) => [line.Type, line]));

/** du(1) of these paths below the store's root, together, in bytes. */
function du(world: World, ...paths: string[]): number {
  const sum = world.ok('unshare', 'sh', '-ec', `cd ${world.root}; du -s -c -x -B1 ${paths.join(' ')} | tail -n 1`);
  return Number(sum.split('\t')[0]);
}

const layerFolders = (world: World): string[] => {
  const layerdb = 'image/overlay2/layerdb/sha256';
  return readdirSync(join(world.root, layerdb)).flatMap((chain) => [`${layerdb}/${chain}`, `overlay2/${readFileSync(join(world.root, layerdb, chain, 'cache-id'), 'utf8')}`]);
};

/** busybox, an image upon it with two names, a nameless one, one container that runs, one that ended, one volume in use and one not. */
function furnish(world: World): void {
  importBusybox(world, 'base');
  world.ok('run', '--name', 'ended', '--network', 'none', '-v', 'used:/v', 'base', 'sh', '-c', 'dd if=/dev/zero bs=1000 count=300 2>/dev/null | tr "\\0" x >/big; ln /big /again; echo 1 >/v/1');
  world.ok('commit', '-q', 'ended', 'child');
  world.ok('tag', 'child', 'second');
  world.ok('run', '--name', 'other', '--network', 'none', '-v', 'idle:/v', 'child', 'sh', '-c', 'echo x >/x; echo y >/v/y');
  world.ok('commit', '-q', 'other', 'gone');
  world.ok('untag', 'gone');
  world.ok('rm', 'other');
  world.ok('run', '-d', '--name', 'live', '--network', 'none', 'base', 'sleep', '100000');
}

test('system df counts what du counts: layers once, hard links once; -v adds up', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  t.deepEqual(df(world)['Images'], { Type: 'Images', Total: 0, Active: 0, RawSize: 0, RawReclaimable: 0, TotalCount: 0, Size: '0B', Reclaimable: '0B (0%)' });
  furnish(world);
  const lines = df(world);
  const records = ['imagedb/content/sha256/*', 'imagedb/metadata/sha256/*'].map((path) => `image/overlay2/${path}`);
  t.is(lines['Images']?.RawSize, du(world, ...layerFolders(world), ...records, 'skiff/manifests/of/*', 'skiff/manifests/sha256/*'));
  const containers = readdirSync(join(world.root, 'containers'));
  t.is(lines['Containers']?.RawSize, du(world, ...containers.flatMap((id) => [`containers/${id}`, `overlay2/${id}`, `overlay2/${id}-init`, `image/overlay2/layerdb/mounts/${id}`])));
  t.is(lines['Local Volumes']?.RawSize, du(world, 'volumes/used', 'volumes/idle'));
  t.deepEqual(['Images', 'Containers', 'Local Volumes'].map((type) => [lines[type]?.Total, lines[type]?.Active]), [[3, 1], [2, 1], [2, 1]]);
  t.regex(world.ok('system', 'df'), /^TYPE +TOTAL +ACTIVE +SIZE +RECLAIMABLE\nImages +3 +1 +[\d.]+MB +[\d.]+kB \(\d+%\)\nContainers +2 +1 +\S+ +\S+ \(\d+%\)\nLocal Volumes +2 +1 +\S+ +\S+ \(\d+%\)$/);
  const verbose = world.ok('system', 'df', '-v');
  t.regex(verbose, /^Images space usage:\n\nREPOSITORY +TAG +IMAGE ID +CREATED +SIZE +SHARED SIZE +UNIQUE SIZE +CONTAINERS\n/);
  t.regex(verbose, /\n\nContainers space usage:\n\nCONTAINER ID +IMAGE +COMMAND +LOCAL VOLUMES +SIZE +CREATED +STATUS +NAMES\n/);
  t.regex(verbose, /\n\nLocal Volumes space usage:\n\nVOLUME NAME +LINKS +SIZE\nidle +0 +\S+\nused +1 +\S+$/);
  t.regex(verbose, /localhost\/second +latest/);
  t.is(world.ok('system', 'df', '--format', '{{.Type}}|{{.Total}}').split('\n')[2], 'Local Volumes|2');
  const both = world.skiff(['system', 'df', '-v', '--format', 'json']);
  t.is(both.code, 125);
  t.regex(both.stderr, /cannot combine --format and --verbose flags/);
});

test('RECLAIMABLE is what system prune --all --volumes frees, and it takes nothing that is used', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  furnish(world);
  const before = df(world);
  const told = world.ok('system', 'prune', '-a', '-f', '--volumes');
  // With the container that ended the last use of its volume goes.
  const reclaimable = (before['Containers']?.RawReclaimable ?? 0) + (before['Images']?.RawReclaimable ?? 0) + (before['Local Volumes']?.RawSize ?? 0);
  t.is(told.split('\n').at(-1), `Total reclaimed space: ${humanSize(reclaimable)}`);
  const after = df(world);
  // The container that ended goes first, and with it the last use of its volume.
  t.is(after['Containers']?.RawSize, (before['Containers']?.RawSize ?? 0) - (before['Containers']?.RawReclaimable ?? 0));
  t.is(after['Images']?.RawSize, (before['Images']?.RawSize ?? 0) - (before['Images']?.RawReclaimable ?? 0));
  t.deepEqual(Object.values(after).map(({ RawReclaimable }) => RawReclaimable), [0, 0, 0]);
  t.is(world.ok('images', '-a', '--format', '{{.Repository}}'), 'localhost/base');
  t.is(world.ok('ps', '-a', '--format', '{{.Names}}'), 'live');
  t.is(world.ok('exec', 'live', 'echo', 'here'), 'here');
  t.deepEqual(readdirSync(join(world.root, 'volumes')), []);
  t.deepEqual(auditStore(world), []);
});

test('system prune asks in Podman\'s words, and tells what went', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  furnish(world);
  const ended = world.ok('ps', '-aq', '--no-trunc', '--filter', 'name=ended');
  const nameless = world.ok('images', '-q', '--no-trunc', '--filter', 'dangling=true').slice(7);
  const question = 'WARNING! This command removes:\n\t- all stopped containers\n\t- all dangling images\n\t- what unfinished pulls have left\n\nAre you sure you want to continue? [y/N] ';
  t.is(world.skiff(['system', 'prune'], { input: 'n\n' }).stdout, question);
  const all = world.skiff(['system', 'prune', '-a', '--volumes'], { input: '\n' }).stdout;
  t.is(all, 'WARNING! This command removes:\n\t- all stopped containers\n\t- all volumes not used by at least one container\n\t- all images without at least one container associated with them\n\t- what unfinished pulls have left\n\nAre you sure you want to continue? [y/N] ');
  t.is(world.ok('ps', '-aq').split('\n').length, 2);
  const done = world.skiff(['system', 'prune'], { input: 'y\n' });
  t.regex(done.stdout.slice(question.length), new RegExp(`^Deleted Containers\n${ended}\nDeleted Images\n${nameless}\nTotal reclaimed space: \\d+(?:\\.\\d+)?kB\n$`));
  t.is(world.ok('system', 'prune', '-f'), 'Total reclaimed space: 0B');
  t.deepEqual(readdirSync(join(world.root, 'volumes')).toSorted(), ['idle', 'used'], 'volumes stay without --volumes');
  t.is(world.ok('system', 'prune', '-f', '--volumes').split('\n').slice(0, 3).join(' '), 'Deleted Volumes idle used');
});

test('the question works on a terminal', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('create', '--name', 'c', '--network', 'none', 'base', 'true');
  const terminal = openTerminal(t, world, ['container', 'prune']);
  await terminal.expect(/WARNING! This will remove all non running containers\.\r\n/);
  await terminal.expect(/Are you sure you want to continue\? \[y\/N\] /);
  terminal.type('y\r');
  t.is((await terminal.exit).exitCode, 0);
  t.is(world.ok('ps', '-aq'), '');
});

test('prune --filter until and label narrow what goes; others are refused', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'plain');
  importBusybox(world, 'labelled', { changes: ['LABEL keep=yes'], files: { x: 'y' } });
  const a = world.ok('create', '--label', 'stage=one', '--network', 'none', 'plain', 'true');
  const b = world.ok('create', '--network', 'none', 'plain', 'true');
  t.is(world.ok('container', 'prune', '-f', '--filter', 'until=1h'), '');
  t.is(world.ok('container', 'prune', '-f', '--filter', 'label=stage=one'), a);
  t.is(world.ok('container', 'prune', '-f', '--filter', 'label!=stage'), b);
  t.regex(world.ok('system', 'prune', '-a', '-f', '--filter', 'label=keep'), /^Deleted Images\n\w+\nTotal/);
  t.is(world.ok('images', '--format', '{{.Repository}}'), 'localhost/plain');
  for (const verb of [['container', 'prune'], ['system', 'prune']]) {
    const refused = world.skiff([...verb, '-f', '--filter', 'foo=bar']);
    t.is(refused.code, 125);
    t.regex(refused.stderr, /foo is an invalid filter/);
  }
  t.is(world.ok('image', 'prune', '-a', '-f', '--build-cache', '--filter', 'until=24h').length, 0);
});

test('what pulls that were cut have left is shown and pruned; one that is under way is not', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const blobs = join(world.root, 'skiff', 'blobs');
  mkdirSync(blobs, { recursive: true, mode: 0o700 });
  const left = join(blobs, `sha256-${'a'.repeat(64)}.partial`);
  writeFileSync(left, Buffer.alloc(100_000, 1));
  utimesSync(left, 1, 1);
  const wanted = join(blobs, `sha256-${'b'.repeat(64)}`);
  writeFileSync(`${wanted}.partial`, Buffer.alloc(50_000, 1));
  writeFileSync(`${wanted}.use`, '');
  const line = df(world)['Unfinished Pulls'];
  t.is(line?.Total, 2);
  t.true((line?.RawSize ?? 0) >= 150_000);
  // A living pull holds its blob's .use shared.
  const done = world.run(['flock', '-s', `${wanted}.use`, skiffBin, 'system', 'prune', '-f']);
  t.is(done.code, 0, done.stderr);
  t.is(done.stdout, 'Total reclaimed space: 102.4kB\n');
  t.false(existsSync(left));
  t.true(existsSync(`${wanted}.partial`));
});

test('prune beside commands that make and use images takes nothing that they use', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('create', '--name', 'holder', '--network', 'none', 'base', 'true');
  const state = { over: false };
  const failures: string[] = [];
  const pruner = async (): Promise<void> => {
    while (!state.over) {
      const running = world.start(['system', 'prune', '-f', '-a', '--volumes', '--filter', 'label!=keep']);
      if ((await running.exit).code !== 0) failures.push(running.stderr());
    }
  };
  const user = async (n: number): Promise<void> => {
    for (let round = 0; round < 5; round++) {
      const name = `v${n}-${round}`;
      const running = world.start(['run', '--rm', '--label', 'keep', '-v', `${name}:/v`, '--network', 'none', 'base', 'sh', '-c', 'echo ok >/v/x && cat /v/x']);
      const { code } = await running.exit;
      if (code !== 0 || running.stdout() !== 'ok\n') failures.push(`run ${name}: ${code} ${running.stdout()}${running.stderr()}`);
    }
  };
  world.ok('rm', 'holder');
  world.ok('create', '--name', 'holder', '--label', 'keep', '--network', 'none', 'base', 'true');
  const pruning = pruner();
  await Promise.all([user(0), user(1)]);
  state.over = true;
  await pruning;
  t.deepEqual(failures, []);
  t.is(world.ok('ps', '-a', '--format', '{{.Names}}'), 'holder');
  t.deepEqual(auditStore(world), []);
});
