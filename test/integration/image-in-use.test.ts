/** What a command uses is not taken away under it: `create` and `run` against `rmi` at the same moment. */
import { closeSync, constants, existsSync, openSync, readFileSync, readdirSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { auditStore } from '../helpers/audit.ts';
import { until } from '../helpers/deadline.ts';
import { importBusybox } from '../helpers/images.ts';
import { reach } from '../helpers/pull.ts';
import { startRegistry } from '../helpers/registry.ts';
import { requires } from '../helpers/requires.ts';
import { makeWorld, skiffBin } from '../helpers/world.ts';

test('rmi that comes while create stands between its layer and its record waits for the record, and is refused', async (t) => {
  if (!requires(t, 'userns', 'strace')) return;
  const world = makeWorld(t);
  const id = importBusybox(world, 'base');
  // The rename of config.v2.json is the moment at which a container exists. Two seconds are put before it.
  // Inside of the user namespace already, because no set-uid program can run under strace.
  const slow = world.skiff(['unshare', 'sh', '-c', [
    `strace -f -qq -o /dev/null -e trace=rename,renameat,renameat2 -e inject=rename,renameat,renameat2:delay_enter=2000000 ${skiffBin} create --network none --name slow base true & `,
    `until ls ${world.root}/overlay2/*-init/committed >/dev/null 2>&1; do sleep 0.01; done; `,
    `${skiffBin} rmi base; echo "rmi $?"; wait $!; echo "create $?"`,
  ].join('')]);
  t.regex(slow.stdout, /^rmi 2$/m, slow.stderr + slow.stdout);
  t.regex(slow.stdout, /^create 0$/m, slow.stderr);
  t.regex(slow.stderr, /image is in use by a container/);
  t.is(world.ok('ps', '-a', '--format', '{{.Names}} {{.Image}}'), 'slow localhost/base:latest');
  t.is(world.ok('images', '-q', '--no-trunc'), id);
  world.ok('start', '-a', 'slow');
  t.deepEqual(auditStore(world), []);
});

test('from the moment at which create has found its image, nobody removes it', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const id = importBusybox(world, 'base');
  // A profile that comes when we say so: it is read when the container is checked, before anything is made.
  const profile = join(world.dir, 'profile');
  t.is(world.run(['mkfifo', profile]).code, 0);
  const creating = world.start(['create', '--network', 'none', '--name', 'slow', '--security-opt', `seccomp=${profile}`, 'base', 'true']);
  let pipe: number | undefined;
  await until(() => (pipe = openForReader(profile)) !== undefined, () => creating.stderr());
  const removing = world.start(['image', 'prune', '-af']);
  t.is(world.run(['flock', '-n', join(world.root, 'skiff/images.lock'), 'true']).code, 1);
  writeSync(pipe as unknown as number, '{"defaultAction":"SCMP_ACT_ALLOW"}');
  closeSync(pipe as unknown as number);
  t.is((await creating.exit).code, 0, creating.stderr());
  t.is((await removing.exit).code, 0, removing.stderr());
  t.is(removing.stdout(), '');
  t.is(world.ok('images', '-q', '--no-trunc'), id);
  // --replace lets go of it while the old container ends, and looks again.
  world.ok('create', '--network', 'none', '--name', 'slow', '--replace', 'base', 'true');
  t.deepEqual(auditStore(world), []);
});

/** undefined while nobody reads. */
function openForReader(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENXIO') return undefined;
    throw error;
  }
}

test('what create has pulled is there for it, whoever prunes: else it is pulled again', async (t) => {
  if (!requires(t, 'userns', 'docker-registry')) return;
  const registry = await startRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  const image = `${registry.domain}/team/base:1`;
  importBusybox(world, image);
  world.ok('push', '-q', image);
  const stop = join(world.dir, 'stop');
  const pruning = world.run(['sh', '-c', `( while [ ! -e ${stop} ]; do ${skiffBin} image prune -af; done ) >/dev/null 2>&1 &`]);
  t.is(pruning.code, 0);
  try {
    for (let round = 0; round < 12; round++) {
      const name = `c${round}`;
      const created = world.skiff(['create', '-q', '--network', 'none', '--name', name, image, 'true']);
      t.is(created.code, 0, `round ${round}: ${created.stderr}`);
      world.ok('rm', name);
    }
  } finally {
    writeFileSync(stop, '');
  }
  t.deepEqual(auditStore(world), []);
});

test('save has its layers to the end, whoever removes the image meanwhile', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const save = (format: string): string => `${skiffBin} save --format ${format} two`;
  for (const format of ['docker-archive', 'oci-archive']) {
    importBusybox(world, 'base');
    world.ok('run', '--network', 'none', '--name', 'c', 'base', 'touch', '/second');
    world.ok('commit', '-q', 'c', 'two');
    const whole = world.run(['sh', '-c', `${save(format)} | sha256sum`]).stdout;
    // The pipe is full long before the second layer's turn comes.
    const cut = world.run(['sh', '-c', `${save(format)} | { head -c 512; ${skiffBin} rm c >&2; ${skiffBin} rmi -f two base >&2; cat; } | sha256sum`]);
    t.is(cut.stdout, whole, cut.stderr);
    t.is(world.ok('images', '-q'), '');
    t.deepEqual(auditStore(world), []);
  }
});

test('rmi and create in pairs: a container has its image, or there is neither', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'keep');
  for (let round = 0; round < 12; round++) {
    world.ok('tag', 'keep', 'other');
    const copy = world.ok('commit', '-q', world.ok('create', '--network', 'none', 'keep', 'true'), `pair${round}`);
    const creating = world.start(['create', '--pull=never', '--network', 'none', `pair${round}`, 'true']);
    const removing = world.start(['rmi', `pair${round}`]);
    const [created, removed] = [(await creating.exit).code, (await removing.exit).code];
    const image = existsSync(join(world.root, 'image/overlay2/imagedb/content/sha256', copy.replace('sha256:', '')));
    if (created === 0) t.true(image, `round ${round}: the container lost its image`);
    else t.regex(creating.stderr(), /image not known/);
    t.is(removed, created === 0 && image ? 2 : 0, `round ${round}: ${removing.stderr()}`);
  }
  for (const id of readdirSync(join(world.root, 'containers'))) {
    const record = JSON.parse(readFileSync(join(world.root, 'containers', id, 'config.v2.json'), 'utf8')) as { Image: string };
    t.true(existsSync(join(world.root, 'image/overlay2/imagedb/content/sha256', record.Image.replace('sha256:', ''))));
  }
  t.deepEqual(auditStore(world), []);
});
