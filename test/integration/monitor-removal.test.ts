/** What is left when a container has ended. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { packet } from '../../src/runtime/index.ts';
import { containerID, makeMonitorWorld, readType } from '../helpers/monitor.ts';
import { shell } from '../helpers/monitor-container.ts';
import { requires } from '../helpers/requires.ts';

test.serial('--remove takes the container away, whatever it has made', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const container = join(world.dir, 'container');
  const layer = join(world.dir, 'layer');
  for (const path of [container, join(layer, 'merged'), join(world.dir, 'precious')]) mkdirSync(path, { recursive: true });
  writeFileSync(join(container, 'config.v2.json'), '{}');
  writeFileSync(join(world.dir, 'precious/file'), 'mine');
  // Folders deeper than a path may be long, closed ones, odd names, links out, and something mounted.
  const make = `
    cd "$1/layer" && mkdir closed && : > closed/file && chmod 0 closed && ln -s ../precious link && : > "$(printf 'odd\\n\\377name')"
    ( i=0; while [ $i -lt 300 ]; do mkdir 0123456789abcdefghijklmnopqrstuvwxyz; cd -P 0123456789abcdefghijklmnopqrstuvwxyz; : > file; i=$((i+1)); done )
    mount --bind "$1/precious" merged; mkdir over; mount -t tmpfs none over; : > over/file; : > point; mount --bind "$1/precious/file" point
    cd /`;
  const run = world.start({
    command: ['/bin/true'], before: make,
    args: ['--unmount', join(layer, 'merged'), '--remove', container, '--remove', layer, '--remove', join(world.dir, 'never-was'), '--store-lock', join(world.dir, 'store.lock')],
    env: { SKIFF_HELPER_DEBUG: '1' },
  });
  await run.expectEvent('started');
  t.is((await run.ended).code, 0);
  t.is(run.stderr(), '');
  t.false(existsSync(container));
  t.false(existsSync(`${container}.removing`));
  t.false(existsSync(layer));
  t.is(readFileSync(join(world.dir, 'precious/file'), 'utf8'), 'mine');
});

test.serial('who hears of the end finds the container gone, with all in one folder until that is removed', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const container = join(world.dir, 'container');
  const others = ['name', 'layer', 'layer-init', 'volume'].map((name) => join(world.dir, name));
  const [name = '', layer = '', init = '', volume = ''] = others;
  for (const path of [container, layer, init, volume]) mkdirSync(path);
  symlinkSync('../../', name);
  // Removing these takes long enough for all that follows.
  const many = 20_000;
  for (let at = 0; at < many; at++) writeFileSync(join(layer, String(at)), '');
  const run = world.start({
    command: ['/bin/true'], client: { exit: true },
    args: [container, ...others].flatMap((path) => ['--remove', path]).concat('--store-lock', join(world.dir, 'store.lock'), '--id-file', join(world.dir, 'id')),
    before: 'printf %s "$(cd "$1/runtime" && ls)" > "$1/id"',
  });
  await run.expectEvent('started');
  t.is((JSON.parse(readType(run.client!, packet.exit).body.toString()) as { exitCode: number }).exitCode, 0);
  process.kill(run.pid, 'SIGKILL');
  t.is((await run.ended).signal, 'SIGKILL', 'it was still at it');
  for (const path of [container, ...others, world.runDir, join(world.dir, 'id')]) t.false(existsSync(path), path);
  t.true(readdirSync(`${container}.removing`).includes('removing-2'), 'the layer');
  t.deepEqual(readdirSync(world.dir).filter((entry) => entry.startsWith('container') || others.includes(join(world.dir, entry))), ['container.removing']);
});

test.serial('what lies on another file system is removed in its place', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const container = join(world.dir, 'container');
  for (const path of [container, join(world.dir, 'elsewhere')]) mkdirSync(path);
  const run = world.start({
    command: ['/bin/true'], args: ['--remove', container, '--remove', join(world.dir, 'elsewhere/layer'), '--cleanup', '/bin/sh', '--cleanup', '-c', '--cleanup', `ls ${world.dir}/elsewhere > ${world.dir}/seen`],
    before: 'mount -t tmpfs none "$1/elsewhere"; mkdir -p "$1/elsewhere/layer/diff"; : > "$1/elsewhere/layer/diff/file"; : > "$1/elsewhere/other"', env: { SKIFF_HELPER_DEBUG: '1' },
  });
  await run.expectEvent('started');
  t.is((await run.ended).code, 0);
  t.is(run.stderr(), '');
  t.is(readFileSync(join(world.dir, 'seen'), 'utf8'), 'other\n');
});

test.serial('--cleanup runs when everything else is done', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const proof = join(world.dir, 'proof');
  const script = `test ! -e ${world.runDir} && test -s ${world.exitFile} && echo done > ${proof}`;
  await world.run({ command: ['/bin/true'], args: ['--cleanup', '/bin/sh', '--cleanup', '-c', '--cleanup', script] });
  t.is(readFileSync(proof, 'utf8'), 'done\n');
});

test.serial('the run dir is left to who holds the change lock', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const change = join(world.runDir, 'change');
  writeFileSync(change, '');
  const holder = spawnSync('flock', [change, process.execPath, '-e', '']); // proves that flock(1) is there
  t.is(holder.status, 0);
  await world.run({ command: ['/bin/true'], before: `exec 9<"${change}"; flock -x 9` });
  // The monitor inherited the descriptor: it is the holder itself, which is another open file than the one it tries.
  t.true(existsSync(change));
  t.false(existsSync(join(world.runDir, 'state.json')));
  t.false(existsSync(join(world.runDir, 'attach')));
});

test.serial('where the disk takes no exit record it is in the run dir', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  mkdirSync(join(world.dir, 'full'));
  const run = world.start({
    command: shell('exit 6'), args: ['--exit-file', join(world.dir, 'full/exit.json')],
    before: 'mount -t tmpfs -o size=4k,nr_inodes=8 none "$1/full"; head -c 4096 /dev/zero > "$1/full/ballast"',
  });
  await run.expectEvent('started');
  await run.ended;
  t.is((JSON.parse(readFileSync(join(world.runDir, 'exit.json'), 'utf8')) as { exitCode: number }).exitCode, 6);
  t.false(existsSync(join(world.runDir, 'state.json')));
  t.false(world.lockHeld());
});

const stateFolder = (dir: string): string => join(dir, 'state', containerID);

for (const { title, forget, deletes, before = ':' } of [
  { title: '--forget: the runtime is not started again for what one folder is', forget: stateFolder, deletes: false },
  // As /run/user is on most machines.
  { title: '--forget: nor where that is on a file system of its own', forget: stateFolder, deletes: false, before: 'mount -t tmpfs none "$1/state"' },
  // The folder's place is a file: it can't be removed as a folder below it.
  { title: '--forget: where that fails, the runtime deletes', forget: (dir: string) => join(dir, 'rootfs/bin/busybox/nothing'), deletes: true },
]) {
  test.serial(title, async (t) => {
    if (!requires(t, 'userns')) return;
    const world = makeMonitorWorld(t);
    const said = join(world.dir, 'said');
    const runtime = join(world.dir, 'runtime.sh');
    writeFileSync(runtime, `#!/bin/sh\necho "$@" >> ${said}\nexec crun --root ${world.dir}/state --cgroup-manager disabled "$@"\n`);
    chmodSync(runtime, 0o755);
    mkdirSync(join(world.dir, 'state'), { recursive: true });
    t.is((await world.run({ command: ['/bin/true'], runtime, before, args: ['--forget', forget(world.dir)] })).exitCode, 0);
    t.is(/^delete/m.test(readFileSync(said, 'utf8')), deletes);
    t.deepEqual(readdirSync(join(world.dir, 'state')), []);
  });
}
