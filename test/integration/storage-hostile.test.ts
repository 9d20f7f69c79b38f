/**
 * Hostile layers, straight into the store: archives whose names, links, whiteouts and attributes reach for what is not
 * theirs. After each, a canary tree on the host and the layers below are what they were, and the store is whole.
 *
 * The CVEs of each class are past holes of other engines; the tests show the class, not one exploit.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { end, member, paxMember, rawHeader } from '../helpers/make-tar.ts';
import { requires } from '../helpers/requires.ts';
import { sha256, storageWorld, type Applied, type StorageWorld } from '../helpers/storage.ts';

/** Content, owner, mode, times and names of all below `folder`. */
const picture = (world: StorageWorld, folder: string): string => world.inside(`cd '${folder}' && find . -printf '%p %y %m %U:%G %s %T@ %l %n\\n' | sort && find . -type f -exec sha256sum {} + | sort`);

interface Arena { world: StorageWorld; canary: string; below: Applied; diffOf: (layer: Applied) => string; check: () => void }

/** A store with one honest layer, a host tree beside it. */
function arena(t: ExecutionContext): Arena {
  const world = storageWorld(t);
  const canary = join(world.home, 'canary');
  mkdirSync(join(canary, 'dir'), { recursive: true });
  writeFileSync(join(canary, 'secret'), 'the host\n');
  const below = world.store<Applied>('apply', world.file('below.tar', Buffer.concat([
    member({ name: 'etc/', type: '5', mode: 0o755 }), member({ name: 'etc/passwd' }, 'root'), member({ name: 'bin/', type: '5', mode: 0o755 }), member({ name: 'bin/sh', mode: 0o755 }, 'sh'),
    member({ name: 'lib', type: '2', linkName: 'bin' }), end,
  ])));
  const diffOf = (layer: Applied): string => {
    const { folders } = world.store<{ folders: Record<string, string[]> }>('layers');
    return join(world.root, 'overlay2', folders[layer.chainID]?.[0] ?? '', 'diff');
  };
  const before = picture(world, canary) + picture(world, diffOf(below));
  return {
    world, canary, below, diffOf,
    check: () => {
      t.is(picture(world, canary) + picture(world, diffOf(below)), before);
      t.deepEqual(world.store('check'), { problems: [] });
      t.deepEqual(readdirSync(join(world.root, 'image', 'overlay2', 'layerdb', 'tmp')).filter((name) => !name.endsWith('.lock') && !name.startsWith('lease-')), []);
    },
  };
}

function refuses(t: ExecutionContext, { world, below }: Arena, what: string, ...members: Buffer[]): void {
  const archive = world.file('evil.tar', Buffer.concat([...members, end]));
  const failure = world.fails('apply', archive, below.chainID);
  t.is(failure.code, 'ARCHIVE_INVALID', `${what}: ${failure.message}`);
}

/** It must be taken, keep to itself, and come out as it went in. */
function contains({ world, below }: Arena, ...members: Buffer[]): Applied {
  const bytes = Buffer.concat([...members, end]);
  const applied = world.store<Applied>('apply', world.file('odd.tar', bytes), below.chainID);
  const out = sha256(world.raw('layer', [applied.chainID]).stdoutBytes);
  if (out !== sha256(bytes)) throw new Error('the layer came out as other bytes');
  return applied;
}

const link = (name: string, linkName: string): Buffer => member({ name, type: '2', linkName });
const hard = (name: string, linkName: string): Buffer => member({ name, type: '1', linkName });

test('CVE class I: names that climb out by ".." are refused, absolute names stay inside', (t) => {
  if (!requires(t, 'userns')) return;
  const stage = arena(t);
  for (const name of ['../evil', '../../../../../../canary/evil', 'a/../../evil', '/../evil', './/..//evil', '..']) {
    refuses(t, stage, name, member({ name }, 'x'));
    refuses(t, stage, `PAX path ${name}`, paxMember('x', { path: name }), member({ name: 'innocent' }, 'x'));
    refuses(t, stage, `GNU long name ${name}`, member({ name: 'L', type: 'L', magic: 'ustar  \0' }, `${name}\0`), member({ name: 'innocent' }, 'x'));
    refuses(t, stage, `folder ${name}`, member({ name: `${name}/`, type: '5' }));
    refuses(t, stage, `hard link to ${name}`, hard('h', name));
  }
  const applied = contains(stage, member({ name: `${stage.canary}/secret` }, 'mine'), member({ name: '/etc/passwd' }, 'mine'));
  t.regex(picture(stage.world, stage.diffOf(applied)), /canary\/secret f/);
  stage.check();
});

test('CVE class I: writing through links stays inside the layer', (t) => {
  if (!requires(t, 'userns')) return;
  const stage = arena(t);
  const { canary } = stage;
  const up = '../'.repeat(12);
  // The layer brings a folder of the same name, so that the links lead somewhere: there, not to the host's.
  const own = member({ name: `${canary}/`, type: '5', mode: 0o755 });
  const applied = contains(stage, own, link('out', canary), member({ name: 'out/evil' }, 'x'), member({ name: 'out/dir/', type: '5', mode: 0o777 }), link('out/l', 'x'), hard('out/h', 'out/evil'));
  t.is(stage.world.inside(`cat '${stage.diffOf(applied)}${canary}/h'`), 'x');
  contains(stage, own, link('up', `${up}${canary.slice(1)}`), member({ name: 'up/secret' }, 'overwritten'), member({ name: 'up/secret' }, 'twice'));
  contains(stage, own, link('a', 'b'), link('b', canary), member({ name: 'a/evil' }, 'x'), member({ name: 'b/evil', type: '5' }));
  contains(stage, link('secret', `${canary}/secret`), member({ name: 'secret' }, 'replaces the link, not what it points to'));
  for (const [name, target] of [['out', canary], ['up', `${up}${canary.slice(1)}`], ['tmp', '/tmp'], ['proc', '/proc/self/root'], ['cwd', '/proc/self/cwd']] as const) {
    refuses(t, stage, `into ${target}, which the layer has not`, link(name, target), member({ name: `${name}/evil` }, 'x'));
    refuses(t, stage, `below ${target}`, link(name, target), member({ name: `${name}${canary}/evil` }, 'x'));
  }
  refuses(t, stage, 'loop', link('a', 'b'), link('b', 'a'), member({ name: 'a/x' }, 'x'));
  refuses(t, stage, 'link to a file as parent', member({ name: 'f' }, 'x'), link('l', 'f'), member({ name: 'l/x' }, 'x'));
  refuses(t, stage, 'file as parent', member({ name: 'f' }, 'x'), member({ name: 'f/x' }, 'x'));
  refuses(t, stage, 'the root as a link', link('.', canary));
  refuses(t, stage, 'the root as a file', member({ name: './' , type: '0' }, 'x'));
  stage.check();
});

test('CVE class I: hard links reach neither the host, nor other layers, nor through links', (t) => {
  if (!requires(t, 'userns')) return;
  const stage = arena(t);
  const { canary } = stage;
  for (const target of [`${canary}/secret`, 'etc/passwd', `${'../'.repeat(40)}etc/passwd`, '/proc/self/exe', 'missing', '', '.', 'dir', 'self']) {
    refuses(t, stage, `hard link to ${target}`, member({ name: 'dir/', type: '5' }), hard('self', target));
  }
  refuses(t, stage, 'through a link', link('l', canary), hard('h', 'l/secret'));
  // A hard link to a symlink is a second name of the link, not of what it points to.
  const applied = contains(stage, link('s', `${canary}/secret`), hard('h', 's'), member({ name: 'h' }, 'replaces the second name'));
  t.regex(picture(stage.world, stage.diffOf(applied)), /\.\/h f 644 .*\n.*\.\/s l/);
  refuses(t, stage, 'to a whiteout', member({ name: '.wh.w' }), hard('h', 'w'));
  stage.check();
});

test('CVE class I: names which two readers would read differently, or which no disk can hold, are refused', (t) => {
  if (!requires(t, 'userns')) return;
  const stage = arena(t);
  refuses(t, stage, 'NUL in PAX path', paxMember('x', { path: 'a\0b' }), member({}));
  refuses(t, stage, 'NUL in PAX linkpath', paxMember('x', { linkpath: 'a\0b' }), link('l', 'x'));
  refuses(t, stage, 'a name of a million bytes', member({ name: 'L', type: 'L', magic: 'ustar  \0' }, `${'d/'.repeat(500_000)}\0`), member({}));
  refuses(t, stage, 'an extension of 100 MB', rawHeader({ name: 'L', type: 'L', size: 100_000_000 }));
  refuses(t, stage, 'a component of 256 bytes', member({ name: 'L', type: 'L', magic: 'ustar  \0' }, `${'n'.repeat(256)}\0`), member({}));
  refuses(t, stage, 'an unknown type', member({ type: 'Z' }));
  refuses(t, stage, 'a negative size', paxMember('x', { size: '-1' }), member({}));
  refuses(t, stage, 'a sparse map outside of the file', paxMember('x', { 'GNU.sparse.size': '10', 'GNU.sparse.numblocks': '1', 'GNU.sparse.map': '1000000,4' }), member({}, 'abcd'));
  refuses(t, stage, 'a file beyond what the disk can address', paxMember('x', { 'GNU.sparse.size': '9007199254740000', 'GNU.sparse.numblocks': '0', 'GNU.sparse.map': '' }), member({}));
  stage.check();
});

test('CVE class I: an owner that is not mapped is an error with a remedy, never another owner', (t) => {
  if (!requires(t, 'userns')) return;
  const stage = arena(t);
  const failure = stage.world.fails('apply', stage.world.file('u.tar', Buffer.concat([paxMember('x', { uid: '4000000000' }), member({ name: 'a' }), end])));
  t.is(failure.code, 'SUBID_MISSING');
  t.regex(failure.hint ?? '', /4000000001/);
  refuses(t, stage, 'the id that means "leave it"', paxMember('x', { uid: '4294967295' }), member({ name: 'a' }));
  refuses(t, stage, 'an id of 33 bits', paxMember('x', { gid: '4294967296' }), member({ name: 'a' }));
  stage.check();
});

test('CVE class I: setuid bits and file capabilities count for the container\'s root only', (t) => {
  if (!requires(t, 'userns')) return;
  const stage = arena(t);
  const applied = contains(stage, member({ name: 'su', mode: 0o6755 }, 'x'));
  // On the host the file belongs to the user or to a subordinate id: never to root.
  const owner = Number(stage.world.run(['stat', '-c', '%u', join(stage.diffOf(applied), 'su')]).stdout);
  t.is(owner, process.getuid?.() ?? -1);
});

test('CVE class J: whiteouts of nothing, of parents, in whiteouts and of strange types are refused', (t) => {
  if (!requires(t, 'userns')) return;
  const stage = arena(t);
  for (const name of ['.wh.', '.wh..', '.wh...', 'etc/.wh.', 'etc/.wh..', 'etc/.wh...', '.wh.a/b', '.wh..wh..opq/x']) refuses(t, stage, name, member({ name }, ''));
  for (const type of ['2', '3', '4', '5', '6']) {
    refuses(t, stage, `whiteout of type ${type}`, member({ name: '.wh.a', type, linkName: 'x' }));
    refuses(t, stage, `opaque marker of type ${type}`, member({ name: 'etc/.wh..wh..opq', type, linkName: 'x' }));
  }
  refuses(t, stage, 'whiteout behind a link', link('l', '/etc'), member({ name: 'l/.wh.passwd' }));
  refuses(t, stage, 'opaque marker behind a link', link('l', '/etc'), member({ name: 'l/.wh..wh..opq' }));
  stage.check();
});

test('CVE class J: whiteouts hide the layers below and never what their own layer brings', (t) => {
  if (!requires(t, 'userns')) return;
  const stage = arena(t);
  const { world } = stage;
  const applied = contains(stage,
    member({ name: 'etc/.wh.passwd' }), member({ name: 'etc/passwd' }, 'new'), member({ name: 'bin/.wh.sh' }), member({ name: '.wh.lib' }),
    member({ name: 'own' }, 'x'), member({ name: '.wh.own' }), member({ name: 'tree/f' }, 'x'), member({ name: '.wh.tree' }), member({ name: '.wh.back' }), member({ name: 'back/', type: '5', mode: 0o755 }), member({ name: 'back/f' }, 'x'));
  const id = 'ef'.repeat(32);
  world.store('container', id, applied.chainID);
  t.is(world.store<{ stdout: string }>('in', id, 'cat etc/passwd; echo; find . -not -path "./dev*" -not -path "./etc*" -type f | sort; ls -A bin').stdout, 'new\n./back/f\n./own\n./tree/f\n');
  t.deepEqual(stage.world.store<{ problems: unknown[] }>('check').problems, []);
});

test('CVE class J: device 0:0 in an archive makes no whiteout, and no other device is made', (t) => {
  if (!requires(t, 'userns')) return;
  const stage = arena(t);
  const device = (name: string, type: '3' | '4', major: number, minor: number): Buffer => rawHeader({ name, type, patch: (block) => {
    block.write(major.toString(8).padStart(7, '0'), 329, 'latin1');
    block.write(minor.toString(8).padStart(7, '0'), 337, 'latin1');
  } });
  const applied = contains(stage, device('etc/passwd', '3', 0, 0), device('bin', '3', 0, 0), device('null', '3', 1, 3), device('sda', '4', 8, 0));
  t.is(stage.world.inside(`cd '${stage.diffOf(applied)}' && find . ! -type d`), '');
  t.true(applied.notes.some((note) => note.includes('null')));
  stage.check();
});

test('CVE class J: overlay attributes in an archive are not stored, however they are spelled', (t) => {
  if (!requires(t, 'userns')) return;
  const stage = arena(t);
  const names = [
    'trusted.overlay.opaque', 'trusted.overlay.redirect', 'user.overlay.opaque', 'user.overlay.redirect', 'user.overlay.metacopy', 'user.overlay.origin', 'user.overlay.whiteout', 'user.overlay.overlay.opaque',
    'user.fuseoverlayfs.opaque', 'user.containers.override_stat', 'security.selinux', 'security.ima', 'trusted.x',
  ];
  const applied = contains(stage,
    paxMember('x', Object.fromEntries(names.map((name) => [`SCHILY.xattr.${name}`, 'y']))), member({ name: 'etc/', type: '5', mode: 0o755 }),
    paxMember('x', { 'LIBARCHIVE.xattr.user%2eoverlay.opaque': 'eQ==', 'SCHILY.xattr.user.ok': 'fine' }), member({ name: 'bin/', type: '5', mode: 0o755 }));
  const id = '12'.repeat(32);
  stage.world.store('container', id, applied.chainID);
  t.is(stage.world.store<{ stdout: string }>('in', id, 'cat etc/passwd bin/sh').stdout, 'rootsh');
  t.true(applied.notes.length > 0);
  const tar = stage.world.raw('diff', [id]).stdoutBytes.toString('latin1');
  t.false(tar.includes('overlay'));
  stage.check();
});

test('CVE class J: names like whiteouts, made in a container, are not passed on by commit', (t) => {
  if (!requires(t, 'userns')) return;
  const stage = arena(t);
  const id = '34'.repeat(32);
  stage.world.store('container', id, stage.below.chainID);
  stage.world.store('in', id, 'touch .wh.etc bin/.wh.sh; mkdir -p x; touch x/.wh..wh..opq');
  t.false(stage.world.raw('diff', [id]).stdoutBytes.toString('latin1').includes('.wh.'));
});

test('CVE class N: bombs are bounded: memory stays small, windows and extensions are capped', (t) => {
  if (!requires(t, 'userns')) return;
  const stage = arena(t);
  // A frame header alone that asks for 2 GiB of window.
  const wide = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, (31 - 10) << 3, 0x01, 0x00, 0x00]);
  const failure = stage.world.fails('apply', stage.world.file('w.zst', wide));
  t.is(failure.code, 'ARCHIVE_INVALID');
  const terabyte = 2 ** 40;
  const applied = contains(stage, paxMember('x', { 'GNU.sparse.size': String(terabyte), 'GNU.sparse.numblocks': '1', 'GNU.sparse.map': '0,1' }), member({ name: 'big' }, 'x'));
  t.true(Number(stage.world.inside(`du -k '${stage.diffOf(applied)}/big' | cut -f1`)) < 100);
  stage.check();
});

test('CVE class I: of random hostile archives nothing leaves the layer', (t) => {
  if (!requires(t, 'userns')) return;
  const stage = arena(t);
  let state = 4711;
  const pick = <T>(from: readonly T[]): T => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return from[Math.floor((state / 2 ** 32) * from.length)] as T;
  };
  const names = ['a', 'b', 'c', 'd', 'a/b', 'c/b/c', './a', '/a', 'b/../a', 'a/.wh.b', '.wh.a', '.wh.b', 'a/.wh..wh..opq', 'b/x', 'a/', `${stage.canary.slice(1)}/secret`, 'dev/null'];
  const targets = ['a', 'b', '.', '/', '..', '../..', '/proc/1/root', stage.canary, `${stage.canary}/secret`, 'a/b', '/etc', '../'.repeat(30)];
  let taken = 0;
  for (let round = 0; round < 40; round++) {
    const members = Array.from({ length: pick([2, 3, 4, 6]) }, () => {
      const type = pick(['0', '0', '1', '2', '2', '5', '6', '3']);
      return member({ name: pick(names), type, linkName: type === '1' || type === '2' ? pick(targets) : '' }, type === '0' ? pick(['', 'data', 'other']) : '');
    });
    const bytes = Buffer.concat([...members, end]);
    const done = stage.world.raw('apply', [stage.world.file('fuzz.tar', bytes), stage.below.chainID]);
    if (done.code !== 0) {
      t.is((JSON.parse(done.stderr) as { code: string }).code, 'ARCHIVE_INVALID', done.stderr);
      continue;
    }
    taken++;
    const out = stage.world.raw('layer', [(JSON.parse(done.stdout) as Applied).chainID]);
    t.is(sha256(out.stdoutBytes), sha256(bytes), `round ${round}: ${out.stderr}`);
  }
  t.true(taken > 3, `${taken} of 40 were taken`);
  stage.check();
});
