/** `system check`: every kind of damage is found, a store that is whole is called so, and what can be mended is. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { acquire, isHeld } from '../../src/host/locks.ts';
import { leaseLayers, readLeases } from '../../src/storage/lease.ts';
import { readStages } from '../../src/storage/stage.ts';
import { openStore } from '../../src/storage/store.ts';
import { auditStore } from '../helpers/audit.ts';
import { until } from '../helpers/deadline.ts';
import { startFaultRegistry } from '../helpers/fault-registry.ts';
import { busyboxRootfs, importBusybox, tarOf } from '../helpers/images.ts';
import { makeTar, sha256 } from '../helpers/make-archive.ts';
import { madeImage } from '../helpers/make-image.ts';
import { reach, skiffBeside } from '../helpers/pull.ts';
import { pushImage, startRegistry } from '../helpers/registry.ts';
import { requires } from '../helpers/requires.ts';
import type { World } from '../helpers/world.ts';
import { makeWorld, skiffBin } from '../helpers/world.ts';

const lower = makeTar([{ name: 'etc/', type: '5', mode: 0o755 }, { name: 'etc/base', data: 'the base layer' }, { name: 'bin/', type: '5', mode: 0o755 }, { name: 'bin/tool', data: 'x'.repeat(5000), mode: 0o755 }, { name: 'bin/alias', type: '2', link: 'tool' }]);
const upper = makeTar([{ name: 'etc/upper', data: 'the upper layer' }, { name: 'etc/empty', data: '' }]);
const image = madeImage([lower, upper]);
const imageID = image.imageID.slice(7);

/** Runs a shell script as root of the user namespace, in the store. */
function harm(world: World, script: string): void {
  const done = world.skiff(['unshare', 'sh', '-ec', `cd ${world.root}; ${script}`]);
  if (done.code !== 0) throw new Error(done.stderr);
}

/** Name under overlay2/ and chainID of the layer that has this file. */
function layerWith(world: World, file: string): { folder: string; chain: string } {
  const layerdb = join(world.root, 'image/overlay2/layerdb/sha256');
  for (const chain of readdirSync(layerdb)) {
    const folder = readFileSync(join(layerdb, chain, 'cache-id'), 'utf8');
    if (world.skiff(['unshare', 'test', '-e', join(world.root, 'overlay2', folder, 'diff', file)]).code === 0) return { folder, chain };
  }
  throw new Error(`no layer has ${file}`);
}

/** A world with the image pulled from a registry of its own. */
async function pulled(t: Parameters<typeof makeWorld>[0]): Promise<{ world: World; name: string; registry: Awaited<ReturnType<typeof startRegistry>> }> {
  const registry = await startRegistry(t);
  await pushImage(registry, 'team/app', 'latest', image);
  const world = makeWorld(t);
  const name = `${registry.domain}/team/app:latest`;
  world.ok('pull', '-q', '--tls-verify=false', name);
  return { world, name, registry };
}

const repairs = ['system', 'check', '--repair', '--tls-verify=false'];

/** What is done to the store, what check says of it, and whether a quick look is enough. */
const damages: readonly (readonly [name: string, harm: (world: World) => string, finding: RegExp, quick: boolean])[] = [
  ['a missing file', (world) => `rm overlay2/${layerWith(world, 'etc/base').folder}/diff/etc/base`, /layer sha256:\w+: "etc\/base" is missing/, false],
  ['a missing empty file', (world) => `rm overlay2/${layerWith(world, 'etc/upper').folder}/diff/etc/empty`, /"etc\/empty" is missing/, false],
  ['changed content of the same length', (world) => `printf X | dd of=overlay2/${layerWith(world, 'etc/base').folder}/diff/bin/tool conv=notrunc 2>/dev/null`, /"bin\/tool" has been changed/, false],
  ['another length', (world) => `echo more >>overlay2/${layerWith(world, 'etc/base').folder}/diff/bin/tool`, /"bin\/tool" has 5005 bytes, expected 5000/, false],
  ['another mode', (world) => `chmod 4755 overlay2/${layerWith(world, 'etc/base').folder}/diff/bin/tool`, /"bin\/tool" has mode 4755, expected 755/, false],
  ['another owner', (world) => `chown 5:6 overlay2/${layerWith(world, 'etc/base').folder}/diff/etc`, /"etc" has owner 5:6, expected 0:0/, false],
  ['an attribute too many', (world) => `python3 -c 'import os; os.setxattr("overlay2/${layerWith(world, 'etc/base').folder}/diff/bin/tool", "security.capability", bytes.fromhex("0100000200200000000000000000000000000000"))'`, /"bin\/tool" has the attribute "security.capability", which does not belong here/, false],
  ['another time', (world) => `touch -d 2001-01-01 overlay2/${layerWith(world, 'etc/base').folder}/diff/bin/tool`, /"bin\/tool" has time 2001-01-01T00:00:00Z, expected /, false],
  ['a wrong size', (world) => `echo 7 >image/overlay2/layerdb/sha256/${layerWith(world, 'etc/base').chain}/size`, /size sha256:\w+: size is 7, its files have 5018 bytes/, false],
  ['a size that is none', (world) => `: >image/overlay2/layerdb/sha256/${layerWith(world, 'etc/base').chain}/size`, /size sha256:\w+: size is ""/, true],
  ['a link turned', (world) => `ln -sfn /etc/passwd overlay2/${layerWith(world, 'etc/base').folder}/diff/bin/alias`, /"bin\/alias" leads elsewhere/, false],
  ['an extra file', (world) => `echo x >overlay2/${layerWith(world, 'etc/base').folder}/diff/bin/extra`, /"bin\/extra" does not belong here/, false],
  ['an extra whiteout', (world) => `mknod overlay2/${layerWith(world, 'etc/upper').folder}/diff/etc/base c 0 0`, /"etc\/base" does not belong here/, false],
  ['damaged tar-split', (world) => `echo nonsense >image/overlay2/layerdb/sha256/${layerWith(world, 'etc/base').chain}/tar-split.json.gz`, /tar-split data is damaged/, false],
  ['missing tar-split', (world) => `rm image/overlay2/layerdb/sha256/${layerWith(world, 'etc/base').chain}/tar-split.json.gz`, /"tar-split.json.gz" is missing/, true],
  ['a missing tree', (world) => `rm -r overlay2/${layerWith(world, 'etc/base').folder}/diff`, /folder "diff" is missing/, true],
  ['a lost cache-id', (world) => `: >image/overlay2/layerdb/sha256/${layerWith(world, 'etc/base').chain}/cache-id`, /layer sha256:\w+: .*cache-id/, true],
  ['a lost description', (world) => `rm -r image/overlay2/layerdb/sha256/${layerWith(world, 'etc/base').chain}`, /layer sha256:\w+: is missing/, true],
  ['a lost link file', (world) => `rm overlay2/${layerWith(world, 'etc/base').folder}/link`, /links \w+: file "link" is missing or damaged/, true],
  ['all short names lost', () => 'rm -r overlay2/l', /links \w+: short name "l\/\w+" is missing/, true],
  ['a short name that leads elsewhere', (world) => { const { folder } = layerWith(world, 'etc/base'); return `ln -sfn ../nothing/diff overlay2/l/$(cat overlay2/${folder}/link)`; }, /short name "l\/\w+" leads to "..\/nothing\/diff"/, true],
  ['a wrong lower file', (world) => `echo l/AAAAAAAAAAAAAAAAAAAAAAAAAA >overlay2/${layerWith(world, 'etc/upper').folder}/lower`, /file "lower" does not name the layers below/, true],
  ['a config with another digest', () => `echo ' ' >>image/overlay2/imagedb/content/sha256/${imageID}`, /image sha256:\w+: .*another digest/, true],
  ['a lost config', () => `rm image/overlay2/imagedb/content/sha256/${imageID}`, /image sha256:\w+: its config is missing, and ".*\/team\/app:latest" names it/, true],
];

test('what killed commands have left is told, is no damage, and goes with --repair', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  harm(world, `mkdir -p overlay2/${'a'.repeat(64)}/diff containers/${'b'.repeat(64)}; for n in 1 2; do echo "needs sha256:${'c'.repeat(64)}" > image/overlay2/layerdb/tmp/lease-${'d'.repeat(31)}$n; done`);
  const found = world.skiff(['system', 'check']);
  t.is(found.code, 0, found.stderr);
  t.regex(found.stdout, /^leftover overlay2\/a+: a folder that no layer and no container has$/m);
  t.regex(found.stdout, /^leftover containers\/b+: /m);
  t.is(found.stdout.match(/^leftover \S+\/lease-d+\d: /gm)?.length, 2);
  t.regex(found.stderr, /leftovers are no damage; skiff system check --repair takes them away/);
  t.is(world.skiff(['system', 'check', '--repair']).code, 0);
  t.is(world.ok('system', 'check'), '');
  t.deepEqual(auditStore(world), []);
});

for (const [name, script, finding, quick] of damages) {
  test(`system check finds ${name}, and --repair mends it from the registry`, async (t) => {
    if (!requires(t, 'userns', 'docker-registry')) return;
    const { world, name: reference } = await pulled(t);
    t.is(world.ok('system', 'check'), '');
    const inode = (): string => world.ok('unshare', 'stat', '-c', '%i', join(world.root, 'overlay2', layerWith(world, 'etc/upper').folder));
    const before = inode();
    harm(world, script(world));
    const found = world.skiff(['system', 'check']);
    t.is(found.code, 125, found.stdout);
    t.regex(found.stdout, finding);
    t.regex(found.stderr, /damage detected in local storage/);
    t.is(world.skiff(['system', 'check', '--quick']).code, quick ? 125 : 0);
    const mended = world.skiff(repairs);
    t.is(mended.code, 0, `${mended.stdout}${mended.stderr}`);
    t.is(world.ok('system', 'check'), '');
    t.is(inode(), before, 'the layer above was not touched');
    // And it works: every layer can be seen and saved.
    t.is(world.ok('unshare', 'sh', '-c', `cd $(${skiffBin} image mount ${reference}) && cat etc/base etc/upper`), 'the base layerthe upper layer');
    world.ok('save', '-q', '-o', join(world.dir, 'saved.tar'), reference);
    t.deepEqual(auditStore(world), []);
  });
}

test('one damaged file is one line; what the store itself tells is mended without a registry', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'one', { files: { 'etc/mark': 'x' } });
  const { chain, folder } = layerWith(world, 'etc/mark');
  const size = join(world.root, 'image/overlay2/layerdb/sha256', chain, 'size');
  const right = readFileSync(size, 'utf8');
  for (const text of ['1', '', 'nonsense']) {
    writeFileSync(size, text);
    const mended = world.skiff(['system', 'check', '--repair']);
    t.is(mended.code, 0, mended.stdout + mended.stderr);
    t.is(mended.stdout.split('\n').filter((line) => /^size |^repaired size of layer/.test(line)).length, 2, mended.stdout);
    t.is(readFileSync(size, 'utf8'), right);
  }
  harm(world, `rm overlay2/${folder}/diff/etc/mark`);
  const found = world.skiff(['system', 'check']).stdout.split('\n').filter((line) => line.startsWith('layer '));
  t.is(found.length, 1, found.join('\n'));
});

test('a layer that lost its folder\'s name costs that layer alone', async (t) => {
  if (!requires(t, 'userns', 'docker-registry')) return;
  const { world } = await pulled(t);
  for (const name of ['f'.repeat(64), 'nonsense', '']) {
    harm(world, `printf '${name}' >image/overlay2/layerdb/sha256/${layerWith(world, 'etc/base').chain}/cache-id`);
    const mended = world.skiff(repairs);
    t.is(mended.code, 0, mended.stdout + mended.stderr);
    t.is(mended.stdout.match(/^repaired layer /gm)?.length, 1, mended.stdout);
    t.is(world.ok('system', 'check'), '');
  }
});

test('system check --repair fetches the one layer that is damaged, and nothing else', async (t) => {
  if (!requires(t, 'userns', 'docker-registry')) return;
  const { world, registry } = await pulled(t);
  harm(world, `rm overlay2/${layerWith(world, 'etc/base').folder}/diff/etc/base`);
  const done = world.skiff(repairs);
  t.is(done.code, 0, done.stderr);
  t.regex(done.stdout, /^repaired layer sha256:\w+$/m);
  const asked = (): string[] => [...registry.log().matchAll(/"(GET \/v2\/team\S*) HTTP/g)].map((match) => match[1] ?? '');
  const layer = `GET /v2/team/app/blobs/sha256:${sha256(image.blobs[0] as Buffer)}`;
  // What the registry logs is read while nobody blocks this process: pull and repair both asked for the layer.
  await until(() => asked().filter((line) => line === layer).length >= 2, () => asked().join('\n'));
  const twice = asked().filter((line, at, all) => all.indexOf(line) !== at);
  t.deepEqual(twice, [layer], 'all the rest was asked for once, by pull');
});

test('a name whose image is nowhere is named as lost and stays; --force takes it away, and nothing else', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'good');
  const gone = '0'.repeat(64);
  harm(world, `sed -i 's/"Repositories":{/"Repositories":{"localhost\\/gone":{"localhost\\/gone:latest":"sha256:${gone}"},/' image/overlay2/repositories.json`);
  const told = world.skiff(['system', 'check', '--repair']);
  t.is(told.code, 125);
  t.regex(told.stdout, /^lost image: 0{12} localhost\/gone:latest$/m);
  t.regex(readFileSync(join(world.root, 'image/overlay2/repositories.json'), 'utf8'), /gone/);
  const forced = world.skiff(['system', 'check', '--repair', '--force']);
  t.is(forced.code, 0, forced.stdout + forced.stderr);
  t.is(world.ok('images', '--format', '{{.Repository}}'), 'localhost/good');
  t.is(world.ok('system', 'check'), '');
});

test('names that nobody can read are damage as any other; --force sets the file aside, and the images stay', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'good');
  const id = world.ok('images', '-q', '--no-trunc');
  writeFileSync(join(world.root, 'image/overlay2/repositories.json'), '{');
  for (const args of [['system', 'check'], ['system', 'check', '--repair']]) {
    const told = world.skiff(args);
    t.is(told.code, 125);
    t.regex(told.stdout, /^names repositories\.json: /m);
  }
  const forced = world.skiff(['system', 'check', '--repair', '--force']);
  t.is(forced.code, 0, forced.stdout + forced.stderr);
  t.is(readFileSync(join(world.root, 'image/overlay2/repositories.json.damaged'), 'utf8'), '{');
  t.is(world.ok('images', '-q', '--no-trunc'), id);
  world.ok('tag', id, 'good');
  t.is(world.ok('system', 'check'), '');
});

test('what no registry has is named as lost and stays; --force removes it, with its containers, and nothing else', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'good');
  importBusybox(world, 'bad', { files: { 'etc/mark': 'x' } });
  world.ok('create', '--name', 'kept', '--network', 'none', 'good', 'true');
  world.ok('create', '--name', 'doomed', '--network', 'none', 'bad', 'true');
  harm(world, `rm overlay2/${layerWith(world, 'etc/mark').folder}/diff/etc/mark`);
  t.is(world.skiff(['system', 'check', '--force']).code, 125);
  const told = world.skiff(['system', 'check', '--repair']);
  t.is(told.code, 125);
  t.regex(told.stdout, /not repaired layer sha256:\w+: no registry is known that has it\nlost image: \w{12} localhost\/bad:latest/);
  t.regex(told.stderr, /hint: .*--repair --force/);
  t.is(world.ok('ps', '-aq').split('\n').length, 2);
  // While one of its containers runs, nothing is taken from under it.
  world.ok('run', '-d', '--name', 'live', '--network', 'none', 'bad', 'sleep', '1000');
  const refused = world.skiff(['system', 'check', '--repair', '--force']);
  t.is(refused.code, 125);
  t.regex(refused.stdout, /^lost image not removed: \w{12} localhost\/bad:latest: container live runs: stop it first$/m);
  t.regex(refused.stderr, /hint: stop the containers that use it, .*--repair --force/);
  t.is(world.ok('ps', '-aq').split('\n').length, 3);
  world.ok('rm', '-f', '-t', '0', 'live');
  const forced = world.skiff(['system', 'check', '--repair', '--force']);
  t.is(forced.code, 0, forced.stdout + forced.stderr);
  t.regex(forced.stdout, /^Deleted container: \w{12} doomed\nDeleted: [0-9a-f]{64}$/m);
  t.is(world.ok('images', '--format', '{{.Repository}}'), 'localhost/good');
  t.is(world.ok('ps', '-a', '--format', '{{.Names}}'), 'kept');
  t.is(world.ok('system', 'check'), '');
  world.ok('start', '-a', 'kept');
  t.deepEqual(auditStore(world), []);
});

test('a layer that a running container has mounted is not changed under it', async (t) => {
  if (!requires(t, 'userns', 'docker-registry')) return;
  const registry = await startRegistry(t);
  const tar = readFileSync(tarOf(busyboxRootfs(makeWorld(t))));
  await pushImage(registry, 'box', 'latest', madeImage([tar]));
  const world = makeWorld(t);
  world.ok('pull', '-q', '--tls-verify=false', `${registry.domain}/box`);
  world.ok('run', '-d', '--name', 'live', '--network', 'none', `${registry.domain}/box`, 'sleep', '1000');
  harm(world, `rm overlay2/${layerWith(world, 'etc/group').folder}/diff/etc/group`);
  const refused = world.skiff(repairs);
  t.is(refused.code, 125);
  t.regex(refused.stdout, /^not repaired layer .*: a container that runs has layer .* mounted: stop it first\nimage not repaired: \w{12} \S+\/box:latest$/m);
  t.regex(refused.stderr, /hint: stop the containers that use it/);
  t.is(world.skiff([...repairs, '--force']).code, 125, 'nothing is lost that force could remove');
  t.is(world.ok('exec', 'live', 'cat', '/etc/passwd').split('\n').length, 3);
  world.ok('stop', '-t', '0', 'live');
  t.is(world.skiff(repairs).code, 0);
  world.ok('start', 'live');
  t.is(world.ok('exec', 'live', 'wc', '-l', '/etc/group'), '4 /etc/group');
});

test('a container that lost its short names and lower files runs again after --repair', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'box');
  world.ok('create', '--name', 'c', '--network', 'none', 'box', 'echo', 'hello');
  const id = world.ok('ps', '-aq', '--no-trunc');
  harm(world, `rm overlay2/${id}/link overlay2/${id}-init/lower; rm -r overlay2/l`);
  for (const args of [['start', 'c'], ['run', '--rm', '--network', 'none', 'box', 'true']]) {
    const failed = world.skiff(args);
    t.not(failed.code, 0);
    t.regex(failed.stderr, /hint: skiff system check --repair/, failed.stderr);
  }
  t.is(world.skiff(['system', 'check', '--quick']).code, 125);
  t.is(world.skiff(['system', 'check', '--repair']).code, 0);
  t.is(world.ok('system', 'check'), '');
  t.is(world.ok('start', '-a', 'c'), 'hello');
});

test('a store in use gives no alarm: check after check while others import, load, commit, run and remove', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('save', '-q', '-o', join(world.dir, 'base.tar'), 'base');
  const state = { over: false };
  const failures: string[] = [];
  const worker = async (n: number): Promise<void> => {
    for (let round = 0; !state.over; round++) {
      for (const args of [
        ['run', '--rm', '--network', 'none', 'base', 'true'], ['run', '--name', `c${n}`, '--network', 'none', 'base', 'sh', '-c', `echo ${round} >/x; rm /etc/group; mkdir -p /tmp/new`],
        ['commit', '-q', `c${n}`, `m${n}`], ['rm', `c${n}`], ['run', '--rm', '--network', 'none', `m${n}`, 'cat', '/x'], ['rmi', `m${n}`], ['load', '-q', '-i', join(world.dir, 'base.tar')],
      ]) {
        const running = world.start(args);
        const { code } = await running.exit;
        if (code !== 0) failures.push(`${args.join(' ')}: ${running.stderr()}`);
      }
    }
  };
  const workers = [0, 1, 2].map(worker);
  try {
    for (let round = 0; round < 6; round++) {
      const check = world.start(['system', 'check', '--max', '0', ...(round % 2 === 0 ? ['--quick'] : [])]);
      const { code } = await check.exit;
      t.is(code, 0, `${check.stdout()}${check.stderr()}`);
      t.is(check.stdout(), '');
    }
  } finally {
    state.over = true;
    await Promise.all(workers);
  }
  t.deepEqual(failures, []);
  t.is(world.ok('system', 'check'), '');
});

test('to look at leases and stages leaves nothing, whoever comes and goes meanwhile', (t) => {
  const world = makeWorld(t);
  const store = openStore(world.root);
  leaseLayers(store).release();
  const module = (name: string): string => JSON.stringify(new URL(`../../src/storage/${name}.js`, import.meta.url).href);
  const other = spawn(process.execPath, ['--input-type=module', '-e', `
    import { leaseLayers } from ${module('lease')};
    import { discardStage, openStage } from ${module('stage')};
    import { openStore } from ${module('store')};
    const store = openStore(${JSON.stringify(world.root)});
    for (;;) { leaseLayers(store).release(); discardStage(store, openStage(store, undefined)); }
  `], { stdio: 'ignore' });
  try {
    for (const end = performance.now() + 2000; performance.now() < end;) {
      readLeases(store);
      readStages(store);
    }
  } finally {
    other.kill('SIGSTOP');
  }
  const left = readdirSync(store.layout.layerdbTmp).filter((name) => /^lease-|\.lock$/.test(name));
  const nobodys = left.filter((name) => !isHeld(join(store.layout.layerdbTmp, name)));
  other.kill('SIGKILL');
  t.true(nobodys.length <= 1, nobodys.join(' ')); // the one that was just being made
});

test('layers that nothing refers to are no leftovers while somebody changes the store: it may be an image on its way out', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  writeFileSync(join(world.root, 'image/overlay2/repositories.json'), '{"Repositories":{}}');
  harm(world, `rm ${join(world.root, 'image/overlay2/imagedb/content/sha256')}/*`);
  const remover = acquire(join(world.root, 'skiff/lock'), 'shared');
  const during = world.skiff(['system', 'check', '--quick', '--max', '0s']);
  remover.release();
  t.is(during.code, 0, during.stderr);
  t.is(during.stdout, '');
  t.regex(during.stderr, /leave the store no rest/);
  t.regex(world.ok('system', 'check', '--quick', '--max', '0s'), /^leftover layer sha256:\w+: nothing refers to it$/m);
});

test('layers that nothing refers to are leftovers when they are older than --max', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const config = join(world.root, 'image/overlay2/imagedb/content/sha256');
  writeFileSync(join(world.root, 'image/overlay2/repositories.json'), '{"Repositories":{}}');
  harm(world, `rm ${config}/*`);
  t.is(world.ok('system', 'check'), '', 'a day has not passed');
  const old = world.skiff(['system', 'check', '--max', '0s']);
  t.is(old.code, 0);
  t.regex(old.stdout, /^leftover layer sha256:\w+: nothing refers to it$/m);
  t.is(world.skiff(['system', 'check', '--max', '0s', '--repair']).code, 0);
  t.deepEqual(readdirSync(join(world.root, 'overlay2')), ['l']);
  t.true(existsSync(config));
});

test('a registry that wants a login has lost nothing: --repair says so once, and mends after it', async (t) => {
  if (!requires(t, 'userns')) return;
  const registry = await startFaultRegistry(t, { auth: 'basic', users: { me: 'secret' } });
  registry.put('app', 'latest', image);
  const world = makeWorld(t);
  reach(world, registry);
  const login = async (): Promise<void> => { t.is((await skiffBeside(world, ['login', '-u', 'me', '-p', 'secret', registry.domain])).code, 0); };
  await login();
  t.is((await skiffBeside(world, ['pull', '-q', `${registry.domain}/app`])).code, 0);
  harm(world, `rm overlay2/${layerWith(world, 'etc/base').folder}/diff/etc/base`);
  world.ok('logout', registry.domain);
  const refused = await skiffBeside(world, ['system', 'check', '--repair']);
  t.is(refused.code, 125);
  t.is(refused.stdout.match(/^not repaired layer /gm)?.length, 1, refused.stdout);
  t.regex(refused.stdout, /^image not repaired: \w{12} \S+\/app:latest$/m);
  t.notRegex(refused.stdout + refused.stderr, /lost/);
  t.regex(refused.stderr, /hint: .*skiff login/);
  t.is((await skiffBeside(world, ['system', 'check', '--repair', '--force'])).code, 125);
  t.is(world.ok('images', '-q').length, 12, 'the image stays');
  await login();
  const mended = await skiffBeside(world, ['system', 'check', '--repair']);
  t.is(mended.code, 0, mended.stdout + mended.stderr);
});
