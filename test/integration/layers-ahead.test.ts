/**
 * The launcher makes a container's layers while Node starts. Where a test wants to look in between, a script of its own runs in Node before
 * skiff does.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { auditStore } from '../helpers/audit.ts';
import { within } from '../helpers/deadline.ts';
import { busyboxRootfs, importBusybox } from '../helpers/images.ts';
import { end, member, type RawHeader } from '../helpers/make-tar.ts';
import { requires } from '../helpers/requires.ts';
import { makeWorld, projectRoot, skiffBin, type World } from '../helpers/world.ts';

const list = (dir: string): string[] => (existsSync(dir) ? readdirSync(dir) : []);
const mounts = (world: World): string[] => list(join(world.root, 'image/overlay2/layerdb/mounts'));
const layers = (world: World): string[] => list(join(world.root, 'overlay2')).filter((name) => name !== 'l').toSorted();

/**
 * Environment by which a script runs in Node before skiff does: in it, `id` is the container's, `layer` the folder of its layer, `sh(command)` runs a
 * command with the usual environment and prints what it prints, and `maker` the process that makes the layers.
 */
function before(world: World, script: string): Record<string, string> {
  const path = join(world.dir, 'before.cjs');
  writeFileSync(path, `
    const { existsSync, readFileSync, readdirSync } = require('node:fs');
    const { SKIFF_AHEAD_ID: id, SKIFF_AHEAD_ROOT: root, SKIFF_AHEAD_PID: maker } = process.env;
    const layer = root + '/overlay2/' + id;
    const made = () => { while (maker !== undefined && !/^State:\\s+Z/m.test(readFileSync('/proc/' + maker + '/status', 'utf8'))); };
    const sh = (command) => require('node:child_process').execFileSync('sh', ['-c', command], { stdio: 'inherit', env: ${JSON.stringify(world.env)} });
    ${script}
    require(${JSON.stringify(join(projectRoot(), 'dist', 'skiff.cjs'))}).main(process.argv.slice(2)).then((code) => { process.exitCode = code; });`);
  return { SKIFF_MAIN: path };
}

/** A world whose store has seen a container: before that, there is a folder missing and nothing is made ahead. */
function usedWorld(t: ExecutionContext): World {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('run', '--rm', '--network', 'none', 'base', 'true');
  auditStore(world); // waits for the removal
  return world;
}

test('run takes what the launcher has made', (t) => {
  if (!requires(t, 'userns')) return;
  const world = usedWorld(t);
  const look = before(world, "made(); console.log(readFileSync(layer + '-init/link', 'utf8') + readFileSync(layer + '/link', 'utf8')); console.log(readdirSync(layer + '-init/diff/etc').join())");
  const ran = world.skiff(['run', '-d', '--network', 'none', 'base', 'sleep', '1000'], { env: look });
  t.is(ran.code, 0, ran.stderr);
  const [links, ...made] = ran.stdout.trimEnd().split('\n');
  const id = made.pop() ?? '';
  t.deepEqual(made, ['hostname,hosts,mtab,resolv.conf']);
  const now = ['-init', ''].map((kind) => readFileSync(join(world.root, 'overlay2', `${id}${kind}`, 'link'), 'utf8'));
  t.is(links, now.join(''));
  t.is(world.ok('ps', '-q', '--no-trunc'), id);
  t.deepEqual(auditStore(world), []);
});

/** What an init layer holds, with owners, modes and times; a new folder's time is the moment. */
function initLayer(world: World, id: string, times: boolean): string {
  return world.ok('unshare', 'sh', '-c', `cd "$1" && find . -printf '%p %y %l %m %U:%G ${times ? '%T@' : ''}\\n' | sort`, 'sh', join(world.root, 'overlay2', `${id}-init`, 'diff'));
}

const folder = (name: string, header: RawHeader = {}): Buffer => member({ name: `${name}/`, type: '5', mode: 0o755, uid: 0, mtime: 1_000_000_000, ...header });
const file = (name: string): Buffer => member({ name }, 'x');
const images: Readonly<Record<string, Buffer[]>> = {
  empty: [file('something')],
  whole: [folder('dev'), folder('dev/pts'), folder('dev/shm'), file('dev/console'), folder('proc'), folder('sys'), folder('etc'), file('etc/hosts'), file('etc/hostname'), file('etc/resolv.conf'), file('etc/mtab')],
  parts: [folder('.', { mode: 0o711 }), folder('dev', { mode: 0o700, uid: 7 }), folder('etc', { mode: 0o1777, mtime: 5 }), file('etc/hosts'), folder('sys')],
  strange: [file('dev'), member({ name: 'etc', type: '2', linkName: '/somewhere' }), folder('proc', { mode: 0o555 }), member({ name: 'sys', type: '2', linkName: 'proc' })],
};

for (const [name, members] of Object.entries(images)) {
  test(`the init layer is the same whoever makes it, for an image with ${name === 'whole' ? 'all' : name === 'empty' ? 'no' : name} mount points`, (t) => {
    if (!requires(t, 'userns')) return;
    const world = usedWorld(t);
    const tar = join(world.dir, 'image.tar');
    writeFileSync(tar, Buffer.concat([...members, end]));
    world.ok('import', tar, 'i');
    const ahead = world.ok('create', 'i', '/x');
    const byNode = world.ok('--root', world.root, 'create', 'i', '/x');
    // Times of what the image has are the image's; of what it lacks, when they were made.
    t.is(initLayer(world, ahead, false), initLayer(world, byNode, false));
    const ofImage = (id: string): string[] => initLayer(world, id, true).split('\n').filter((line) => / (?:1000000000|5)\.0+$/.test(line));
    t.deepEqual(ofImage(ahead), ofImage(byNode));
    if (name === 'parts') t.is(ofImage(ahead).length, 3);
    t.deepEqual(auditStore(world), []);
  });
}

test('commands that come to nothing leave nothing', (t) => {
  if (!requires(t, 'userns')) return;
  const world = usedWorld(t);
  const usual = layers(world);
  const lines: readonly (readonly [code: number, ...args: string[]])[] = [
    [125, 'run', '--pull', 'never', 'missing'], [125, 'run', '--no-such-option', 'base'], [125, 'run'], [0, 'run', '--name', 'x', '--help'],
    [125, 'create', '--memory', 'much', 'base'], [125, 'run', '--volume', '/does/not/exist:/x', 'base'], [127, 'run', '--rm', 'base', 'no-such-command'],
  ];
  for (const [code, ...args] of lines) {
    const began = world.skiff(args, { env: before(world, "made(); if (existsSync(layer)) console.error('began')") });
    t.is(began.code, code, `${args.join(' ')}: ${began.stderr}`);
    t.regex(began.stderr, /^began$/m, args.join(' '));
    t.deepEqual(auditStore(world), [], args.join(' '));
    t.deepEqual(layers(world), usual, args.join(' '));
  }
});

test('a launcher that can not make them leaves it to Node', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  // The store never had a container: the folder of their mounts is missing.
  t.is(world.ok('run', '--rm', '--network', 'none', 'base', 'echo', 'first'), 'first');
  for (let round = 0; round < 10; round++) {
    const killed = world.skiff(['run', '--rm', '--network', 'none', 'base', 'echo', 'well'], { env: before(world, "process.kill(Number(maker), 'SIGKILL')") });
    t.deepEqual([killed.code, killed.stdout], [0, 'well\n'], killed.stderr);
  }
  t.deepEqual(auditStore(world), []);
  t.deepEqual(mounts(world), []);
});

test('layers whose command was killed are swept by the next run, and those of a living one are not', (t) => {
  if (!requires(t, 'userns')) return;
  const world = usedWorld(t);
  const usual = layers(world);
  t.is(world.skiff(['run', 'base', 'true'], { env: before(world, "made(); process.kill(process.pid, 'SIGKILL')") }).signal, 'SIGKILL');
  t.is(mounts(world).length, 1);
  t.is(layers(world).length, usual.length + 2);
  // The second runs while the layers of the first are there and nobody has taken them.
  const second = `${skiffBin} run --rm --network none base echo second`;
  const look = "console.log(readdirSync(root + '/image/overlay2/layerdb/mounts').join() === id, readFileSync(layer + '/link', 'utf8'))";
  const both = world.skiff(['run', '-d', '--network', 'none', 'base', 'sleep', '1000'], { env: before(world, `made(); sh('${second}'); ${look}`) });
  const [said, seen, id] = both.stdout.trimEnd().split('\n');
  t.is(said, 'second', both.stderr);
  t.is(seen, `true ${readFileSync(join(world.root, 'overlay2', id ?? '', 'link'), 'utf8')}`);
  world.ok('rm', '-f', '-t', '0', id ?? '');
  t.deepEqual(auditStore(world), []);
  t.deepEqual(layers(world), usual);
});

test('a launcher that was killed before its mark had its name is swept, too', (t) => {
  if (!requires(t, 'userns')) return;
  const world = usedWorld(t);
  mkdirSync(join(world.root, 'image/overlay2/layerdb/mounts', `${'0a'.repeat(32)}.new`));
  world.ok('run', '--rm', '--network', 'none', 'base', 'true');
  t.deepEqual(auditStore(world), []);
  t.deepEqual(mounts(world), []);
});

test('--root is obeyed: nothing is made in the usual store', (t) => {
  if (!requires(t, 'userns')) return;
  const world = usedWorld(t);
  const other = join(world.dir, 'other');
  mkdirSync(other);
  const tar = world.run(['tar', '-C', busyboxRootfs(world), '-c', '.']).stdoutBytes;
  t.is(world.skiff(['--root', other, 'import', '-', 'base'], { input: tar }).code, 0);
  const look = before(world, "console.log('ahead: ' + (root ?? ''))");
  for (const args of [['--root', other, 'run'], [`--root=${other}`, 'run'], ['run', '--root', other]]) {
    const ran = world.skiff([...args, '--rm', '--network', 'none', 'base', 'echo', 'ran'], { env: look });
    t.is(ran.stdout, 'ahead: \nran\n', ran.stderr);
  }
  const named = world.skiff(['run', '--rm', '--network', 'none', 'base', 'echo', 'ran'], { env: { ...look, SKIFF_ROOT: other } });
  t.is(named.stdout, `ahead: ${other}\nran\n`, named.stderr);
  t.deepEqual(auditStore({ ...world, root: other }), []);
  t.deepEqual(auditStore(world), []);
  t.is(world.skiff(['unshare', 'rm', '-rf', other]).code, 0);
});

test('layers that are begun outlast the sweeps while an image is pulled', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = usedWorld(t);
  const stray = '0b'.repeat(32);
  mkdirSync(join(world.root, 'image/overlay2/layerdb/mounts', stray)); // calls for a sweep
  const seen = new Promise<string[][]>((resolve) => {
    const silent = createServer((client) => {
      const found = [mounts(world)];
      world.ok('run', '--rm', '--network', 'none', 'base', 'true');
      resolve([...found, mounts(world)]);
      client.destroy();
    });
    silent.listen(0, '127.0.0.1', () => {
      const { port } = silent.address() as { port: number };
      world.start(['run', '--tls-verify=false', `127.0.0.1:${port}/missing`]);
    });
    t.teardown(() => { silent.close(); });
  });
  const [first, second] = await within(seen, () => 'no connection');
  t.is(first?.length, 2);
  t.deepEqual(second, first?.filter((name) => name !== stray));
});
