/**
 * The store against SIGKILL at every changing system call, against two writers, and against a full disk: what is in it
 * before is in it after, what is new is whole or absent, and the next writer leaves no trace of the cut.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { end, member } from '../helpers/make-tar.ts';
import { requires } from '../helpers/requires.ts';
import { sha256, storageWorld, type Applied, type StorageWorld } from '../helpers/storage.ts';
import { skiffBin } from '../helpers/world.ts';

/** The calls that change a file tree, by the names that libuv and libc use. */
const changing = ['rename', 'unlink', 'unlinkat', 'rmdir', 'mkdir', 'mkdirat', 'symlink', 'link', 'fsync', 'syncfs', 'ftruncate', 'pwrite64', 'mknodat', 'lsetxattr'] as const;

interface State { layers: string[]; folders: Record<string, string[]> }

/** A process in the user namespace, so that the launcher joins it and no set-uid program has to run under strace. */
async function anchored(world: StorageWorld): Promise<void> {
  await world.start(['unshare', 'sh', '-c', 'echo ready; exec sleep 1000']).waitFor(/ready/);
}

/** Kills each process of `verb` at its n-th `call` (strace counts by process and call). */
function cutAt(world: StorageWorld, [call, n]: Cut, verb: string, ...args: string[]): { done: boolean; stderr: string } {
  const [, ...rest] = world.argv(verb, ...args);
  const run = world.run(['strace', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${n}`, skiffBin, ...rest]);
  return { done: run.code === 0 && run.signal === null, stderr: run.stderr };
}

/** Nothing under overlay2/ and layerdb/tmp that no layer or container accounts for. */
function leftovers(world: StorageWorld, known: readonly string[]): string[] {
  const folders = readdirSync(join(world.root, 'overlay2')).filter((name) => name !== 'l' && !known.includes(name));
  const staging = readdirSync(join(world.root, 'image', 'overlay2', 'layerdb', 'tmp')).filter((name) => !/^[0-9a-f]{64}\.lock$/.test(name));
  const links = readdirSync(join(world.root, 'overlay2', 'l'));
  return [...folders, ...staging, ...(links.length === known.length ? [] : [`${links.length} short names for ${known.length} layers`])];
}

/** Makes a container's record that stands on `chainID`, so that the layer is needed. */
function hold(world: StorageWorld, chainID: string): void {
  const id = '78'.repeat(32);
  world.inside(`
    mkdir -p '${world.root}/containers/${id}' '${world.root}/image/overlay2/layerdb/mounts/${id}'
    echo '{}' > '${world.root}/containers/${id}/config.v2.json'; printf %s '${chainID}' > '${world.root}/image/overlay2/layerdb/mounts/${id}/parent'`);
}

type Cut = readonly [call: string, n: number];

/** Runs `step` for the first, second, … of each changing call, until the command comes through; returns how often it was cut. */
function atEveryCall(step: (cut: Cut) => { done: boolean }): number {
  let cuts = 0;
  for (const call of changing) {
    for (let n = 1; !step([call, n]).done; n++) {
      cuts++;
      if (n > 500) throw new Error(`${call}: no end of cuts`);
    }
  }
  return cuts;
}

test('applyLayer, cut anywhere: the layer is there whole or not at all, and the next writer sweeps', async (t) => {
  if (!requires(t, 'userns', 'strace')) return;
  const world = storageWorld(t);
  const below = world.store<Applied>('apply', world.file('below.tar', Buffer.concat([member({ name: 'base' }, 'base'), end])));
  const layer = Buffer.concat([member({ name: 'd/', type: '5' }), member({ name: 'd/a' }, 'x'.repeat(3000)), member({ name: 'd/a' }, 'again'), member({ name: '.wh.base' }), end]);
  const archive = world.file('layer.tar', layer);
  const other = world.file('other.tar', Buffer.concat([member({ name: 'other' }), end]));
  hold(world, below.chainID);
  await anchored(world);
  const cuts = atEveryCall((cut) => {
    const result = cutAt(world, cut, 'apply', archive, below.chainID);
    const { layers } = world.store<State>('layers');
    t.true(layers.includes(below.chainID));
    for (const chainID of layers) t.is(sha256(world.raw('layer', [chainID]).stdoutBytes) === sha256(layer) || chainID === below.chainID, true, `cut at ${cut.join(' ')}: ${chainID} is whole`);
    // Any writer will do.
    const next = world.store<Applied>('apply', other);
    world.store('delete', next.chainID);
    const after = world.store<State>('layers');
    t.deepEqual(leftovers(world, after.layers.flatMap((id) => after.folders[id]?.slice(0, 1) ?? [])), [], `cut at ${cut.join(' ')}`);
    for (const chainID of after.layers) if (chainID !== below.chainID) world.store('delete', chainID);
    return result;
  });
  t.true(cuts > 25, `${cuts} cuts`);
  t.deepEqual(world.store('check'), { problems: [] });
});

test('createContainerLayer and deleteLayers, cut anywhere: the next writer sweeps', async (t) => {
  if (!requires(t, 'userns', 'strace')) return;
  const world = storageWorld(t);
  const below = world.store<Applied>('apply', world.file('below.tar', Buffer.concat([member({ name: 'base' }, 'base'), end])));
  const top = world.file('top.tar', Buffer.concat([member({ name: 'top' }, 'top'), end]));
  const other = world.file('other.tar', Buffer.concat([member({ name: 'other' }), end]));
  hold(world, below.chainID);
  await anchored(world);
  const verify = (cut: Cut): void => {
    world.store('delete', world.store<Applied>('apply', other).chainID);
    const after = world.store<State>('layers');
    t.true(after.layers.includes(below.chainID));
    t.deepEqual(leftovers(world, after.layers.flatMap((id) => after.folders[id]?.slice(0, 1) ?? [])), [], `cut at ${cut.join(' ')}`);
  };
  const creations = atEveryCall((cut) => {
    // No record is ever written for it: after the command it is garbage, cut or not.
    const result = cutAt(world, cut, 'container', '56'.repeat(32), below.chainID);
    verify(cut);
    return result;
  });
  t.true(creations > 10, `${creations} cuts`);
  const deletions = atEveryCall((cut) => {
    const { chainID } = world.store<Applied>('apply', top, below.chainID);
    const result = cutAt(world, cut, 'delete', chainID);
    verify(cut);
    return result;
  });
  t.true(deletions > 3, `${deletions} cuts`);
  t.deepEqual(world.store('check'), { problems: [] });
});

test('a full disk: the layer is refused with NO_SPACE, nothing is kept, and removing still works', (t) => {
  if (!requires(t, 'userns')) return;
  const world = storageWorld(t);
  const small = world.file('small.tar', Buffer.concat([member({ name: 'small' }, 'x'), end]));
  const big = world.file('big.tar', Buffer.concat([...Array.from({ length: 40 }, (_, at) => member({ name: `f${at}` }, Buffer.alloc(300_000, at + 1))), end]));
  // The whole story in one namespace, because a mount made in it ends with it.
  const verb = (name: string, ...args: string[]): string => `(set -- ${[name, '/mnt/store', ...args].map((word) => `'${word}'`).join(' ')}; ${world.argv('x')[4] ?? ''})`;
  const out = world.inside(`
    mount -t tmpfs -o size=4m none /mnt; mkdir /mnt/store
    ${verb('apply', small)} > first
    ${verb('apply', big)} > failed 2>&1 && echo unexpected success
    cat failed; ls /mnt/store/overlay2 | wc -l; ls /mnt/store/image/overlay2/layerdb/tmp
    head -c 8000000 /dev/zero > /mnt/filler 2>/dev/null || true
    ${verb('layers')}; ${verb('check')}
    ${verb('delete', 'CHAIN')}`.replace("'CHAIN'", `"$(grep -o 'sha256:[0-9a-f]*' first | head -1)"`));
  t.regex(out, /"code":"NO_SPACE"/);
  t.regex(out, /^2$/m, 'one layer and l/');
  t.notRegex(out, /^skiff-|unexpected/m);
  t.regex(out, /"problems":\[\]/);
  t.regex(out, /^\["sha256:[0-9a-f]{64}"\]$/m, 'deleted on a full disk');
});

test('deleteLayers keeps what images, containers, layers and leases hold', (t) => {
  if (!requires(t, 'userns')) return;
  const world = storageWorld(t);
  const base = world.store<Applied>('apply', world.file('a.tar', Buffer.concat([member({ name: 'a' }), end])));
  const top = world.store<Applied>('apply', world.file('b.tar', Buffer.concat([member({ name: 'b' }), end])), base.chainID);
  t.deepEqual(world.store('delete', base.chainID), [], 'a layer stands on it');
  const id = '9a'.repeat(32);
  world.store('container', id, top.chainID);
  world.inside(`mkdir -p '${world.root}/containers/${id}' && echo '{}' > '${world.root}/containers/${id}/config.v2.json'`);
  t.deepEqual(world.store('delete', top.chainID), [], 'a container stands on it');
  t.deepEqual(world.store('sweep'), { swept: { folders: [], layers: [] } });
  world.store('remove-container', id);
  world.inside(`rm -r '${world.root}/containers/${id}'`);
  t.deepEqual(world.store('delete', top.chainID), [top.chainID, base.chainID]);
  t.deepEqual(readdirSync(join(world.root, 'overlay2')), ['l']);
});

test('rebuildLinks() makes lost short names again', (t) => {
  if (!requires(t, 'userns')) return;
  const world = storageWorld(t);
  const base = world.store<Applied>('apply', world.file('a.tar', Buffer.concat([member({ name: 'a' }, 'below'), end])));
  const top = world.store<Applied>('apply', world.file('b.tar', Buffer.concat([member({ name: 'b' }), end])), base.chainID);
  world.inside(`rm -r '${world.root}'/overlay2/l; mkdir '${world.root}/overlay2/l'; ln -s ../gone/diff '${world.root}/overlay2/l/AAAAAAAAAAAAAAAAAAAAAAAAAA'`);
  world.store('rebuild-links');
  t.is(readdirSync(join(world.root, 'overlay2', 'l')).length, 2);
  t.deepEqual(world.store('check'), { problems: [] });
  const id = 'bc'.repeat(32);
  world.store('container', id, top.chainID);
  t.is(world.store<{ stdout: string }>('in', id, 'cat a').stdout, 'below');
});

test('a container\'s files that a power cut emptied are told again from what stayed', (t) => {
  if (!requires(t, 'userns')) return;
  const world = storageWorld(t);
  const base = world.store<Applied>('apply', world.file('a.tar', Buffer.concat([member({ name: 'a' }, 'below'), end])));
  const id = 'de'.repeat(32);
  world.store('container', id, base.chainID);
  world.inside(`cd '${world.root}/overlay2'; for d in ${id} ${id}-init; do : > $d/link; : > $d/lower; done; : > '${world.root}/image/overlay2/layerdb/mounts/${id}/mount-id'`);
  t.is(world.store<{ stdout: string }>('in', id, 'cat a').stdout, 'below');
});

test('the init layer holds the mount points that the image lacks, and follows no link of the image', (t: ExecutionContext) => {
  if (!requires(t, 'userns')) return;
  const world = storageWorld(t);
  const make = (name: string, ...members: Buffer[]): string => {
    const { chainID } = world.store<Applied>('apply', world.file(`${name}.tar`, Buffer.concat([...members, end])));
    const id = sha256(Buffer.from(name)).slice(7);
    world.store('container', id, chainID);
    return world.inside(`cd '${world.root}/overlay2/${id}-init/diff' && find . -mindepth 1 -printf '%p %y %m %U:%G %l\\n' | sort`).replaceAll(' \n', '\n');
  };
  const link = (name: string, linkName: string): Buffer => member({ name, type: '2', linkName });
  t.is(make('empty', member({ name: 'x' })), [
    './dev d 755 0:0', './dev/console f 755 0:0', './dev/pts d 755 0:0', './dev/shm d 755 0:0', './etc d 755 0:0', './etc/hostname f 755 0:0', './etc/hosts f 755 0:0',
    './etc/mtab l 777 0:0 /proc/mounts', './etc/resolv.conf f 755 0:0', './proc d 755 0:0', './sys d 755 0:0', '',
  ].join('\n'));
  t.is(make('full', ...['dev/', 'dev/pts/', 'dev/shm/', 'proc/', 'sys/', 'etc/'].map((name) => member({ name, type: '5', mode: 0o711, uid: 3 })),
    member({ name: 'dev/console' }), link('etc/hosts', '/etc/shadow'), member({ name: 'etc/hostname' }), link('etc/resolv.conf', '../../../../tmp/x')), './etc d 711 3:0\n./etc/mtab l 777 0:0 /proc/mounts\n');
  t.is(make('links', link('etc', '/tmp'), link('dev', '../..'), link('proc', '/'), link('sys', 'nowhere')), '');
  t.is(make('files', member({ name: 'etc' }), member({ name: 'dev' })), './proc d 755 0:0\n./sys d 755 0:0\n');
});
