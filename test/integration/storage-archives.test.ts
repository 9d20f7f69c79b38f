/**
 * Archives of every make into the store and out again: the same bytes come out, the tree is what GNU tar makes of it, and what
 * is broken leaves the store as it was.
 */
import { existsSync, readdirSync, mkdirSync, writeFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { gzipChunks } from '../../src/storage/pack/gzip.ts';
import { end, member, paxMember, rawHeader } from '../helpers/make-tar.ts';
import { requires } from '../helpers/requires.ts';
import { must, sha256, sha256Of, storageWorld, type Applied, type StorageWorld } from '../helpers/storage.ts';

/** A tree with what archives find hard. Made in the user namespace, so that owners and whiteout-like things are possible. */
const tree = `
  mkdir -p tree/dir/sub tree/empty tree/$(printf 'deep/%.0s' $(seq 30))
  cd tree
  echo hello > dir/file; ln dir/file dir/hard; ln -s ../dir/file dir/sub/link; ln -s /absolute dangling
  mkfifo fifo
  head -c 100000 /dev/urandom > random; : > empty-file
  printf 'x%.0s' $(seq 200) > "$(printf 'n%.0s' $(seq 200))"
  ln -s "$(printf 'l%.0s' $(seq 150))" longlink
  echo bytes > "$(printf 'caf\\351')"; echo utf > 'café ☃'; echo q > 'quote"<&>'
  truncate -s 5M sparse; printf data | dd of=sparse bs=1 seek=3000000 conv=notrunc 2>/dev/null; printf end | dd of=sparse bs=1 seek=5242877 conv=notrunc 2>/dev/null
  truncate -s 1M hole
  chmod 4755 dir/file; chmod 2750 dir/sub; chmod 1777 empty; chmod 0 empty-file
  chown 5:7 random; chown -h 1000:1000 dangling; chown 33:33 dir/sub
  touch -d '2001-02-03 04:05:06.123456789' random; touch -h -d '1999-01-01' dangling; touch -d '1960-01-01' empty-file
  touch -d '2010-10-10 10:10:10.5' dir/sub dir
`;

/** Every name with what stat tells of it. */
const listing = (folder: string): string => `cd ${folder} && find . -printf '%p %y %m %U:%G %s %T@ %l %n\\n' | sed -E 's/( d [0-9]+ [0-9:]+) [0-9]+/\\1/' | sort`;

function diffFolder(world: StorageWorld, layer: Applied): string {
  const { folders } = world.store<{ folders: Record<string, string[]> }>('layers');
  return join(world.root, 'overlay2', folders[layer.chainID]?.[0] ?? '', 'diff');
}

function roundTrip(world: StorageWorld, archive: string): string {
  const applied = world.store<Applied>('apply', archive);
  return applied.diffID === sha256Of(archive) ? sha256(world.raw('layer', [applied.chainID]).stdoutBytes) : `applied as ${applied.diffID}`;
}

test('a layer that its worker compresses is what this process makes of its tar: the worker has found the same library', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = storageWorld(t);
  const tar = Buffer.concat([member({ name: 'file' }, 'some text, and again some text\n'.repeat(100_000)), end]);
  const { chainID } = world.store<Applied>('apply', world.file('layer.tar', tar));
  const packed: Uint8Array[] = [];
  for await (const bytes of gzipChunks((async function* source() { yield tar; })())) packed.push(bytes);
  t.is(sha256(world.raw('layer-gzip', [chainID]).stdoutBytes), sha256(Buffer.concat(packed)));
});

const formats: readonly (readonly [name: string, options: string])[] = [
  ['ustar-like gnu', '--format=gnu'], ['gnu sparse', '--format=gnu -S'], ['oldgnu sparse', '--format=oldgnu -S'], ['pax', '--format=posix --xattrs'],
  ['pax sparse 0.0', '--format=posix -S --sparse-version=0.0'], ['pax sparse 0.1', '--format=posix -S --sparse-version=0.1'], ['pax sparse 1.0', '--format=posix -S --sparse-version=1.0'],
  ['pax with a global header', '--format=posix --pax-option=globexthdr.name=g,mtime=1234567890'], ['small records', '--format=gnu -b 1'], ['numeric owners', '--format=posix --numeric-owner'],
];

test('a layer comes out as the bytes that went in, and unpacks to what GNU tar makes of it, in every format', (t) => {
  if (!requires(t, 'userns')) return;
  const world = storageWorld(t);
  world.inside(tree);
  for (const [name, options] of formats) {
    const archive = join(world.home, `${name}.tar`);
    world.inside(`tar ${options} -cf '${archive}' -C tree .`);
    const applied = world.store<Applied>('apply', archive);
    t.is(applied.diffID, sha256Of(archive), name);
    t.is(sha256(world.raw('layer', [applied.chainID]).stdoutBytes), applied.diffID, name);
    world.inside(`rm -rf oracle && mkdir oracle && tar -xpf '${archive}' --numeric-owner -C oracle`);
    t.is(world.inside(listing(`'${diffFolder(world, applied)}'`)), world.inside(listing('oracle')), name);
    world.inside(`diff -r --no-dereference -x fifo oracle '${diffFolder(world, applied)}'`);
  }
  t.deepEqual(world.store('check'), { problems: [] });
});

test('sparse files stay sparse, and so do long runs of zeros', (t) => {
  if (!requires(t, 'userns')) return;
  const world = storageWorld(t);
  world.inside('mkdir tree; truncate -s 64M tree/s; echo x >> tree/s; tar -S --format=posix -cf s.tar -C tree .; tar -cf dense.tar -C tree .');
  for (const archive of ['s.tar', 'dense.tar']) {
    const applied = world.store<Applied>('apply', join(world.home, archive));
    t.true(Number(world.inside(`du -k '${diffFolder(world, applied)}/s' | cut -f1`)) < 2000, archive);
    t.is(applied.sizeBytes, 64 * 1024 * 1024 + 2);
  }
});

test('extended attributes and file capabilities survive the round trip', (t) => {
  if (!requires(t, 'userns')) return;
  const world = storageWorld(t);
  const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex').toString('latin1');
  const revision3 = Buffer.from('010000030004000000000000000000000000000000000000', 'hex').toString('latin1');
  const archive = world.file('x.tar', Buffer.concat([
    paxMember('x', { 'SCHILY.xattr.user.name': 'va\0lue', 'SCHILY.xattr.security.capability': capability }), member({ name: 'a', mode: 0o755 }, 'a'),
    paxMember('x', { 'SCHILY.xattr.security.capability': revision3 }), member({ name: 'b', mode: 0o755 }, 'b'),
    paxMember('x', { 'LIBARCHIVE.xattr.user.lib%20name': Buffer.from('text').toString('base64') }), member({ name: 'c/', type: '5', mode: 0o755 }), end,
  ]));
  t.is(roundTrip(world, archive), sha256Of(archive));
  const { chainID } = world.store<Applied>('apply', archive);
  const id = 'ab'.repeat(32);
  world.store('container', id, chainID);
  // Copied up, they are in the container's own layer, and from there in the next one.
  world.store('in', id, 'touch a b c');
  const layer = world.file('diff.tar', world.raw('diff', [id]).stdoutBytes);
  const text = readFileSync(layer).toString('latin1');
  for (const record of [`SCHILY.xattr.user.name=va\0lue\n`, `SCHILY.xattr.security.capability=${capability}\n`, 'SCHILY.xattr.user.lib name=text\n']) t.true(text.includes(record), JSON.stringify(record));
  t.false(text.includes('overlay'));
  t.is(text.split(`security.capability=${capability}`).length, 3, 'revision 3 of our own root is revision 2 in an archive');
});

test('compressed layers are recognised by their bytes, and both digests are right', (t) => {
  if (!requires(t, 'userns')) return;
  const world = storageWorld(t);
  const tar = Buffer.concat([member({ name: 'a' }, 'x'.repeat(5000)), member({ name: 'b' }, Buffer.alloc(300_000, 1)), end]);
  const variants: [string, Buffer][] = [['gzip', gzipSync(tar)], ['two gzip members', Buffer.concat([gzipSync(tar.subarray(0, 1000)), gzipSync(tar.subarray(1000))])]];
  if (existsSync('/usr/bin/zstd')) {
    variants.push(['zstd', must(['zstd', '-c'], { input: tar })]);
    variants.push(['two zstd frames', Buffer.concat([must(['zstd', '-c'], { input: tar.subarray(0, 700) }), must(['zstd', '-19', '-c'], { input: tar.subarray(700) })])]);
  }
  for (const [name, bytes] of variants) {
    const applied = world.store<Applied>('apply', world.file('l', bytes));
    t.is(applied.digest, sha256(bytes), name);
    t.is(applied.diffID, sha256(tar), name);
    const cut = world.fails('apply', world.file('cut', bytes.subarray(0, bytes.length - 9)));
    t.is(cut.code, 'ARCHIVE_TRUNCATED', name);
  }
  t.is(world.fails('apply', world.file('xz', Buffer.from('fd377a585a000004e6d6b446', 'hex'))).code, 'UNSUPPORTED');
  const damaged = gzipSync(tar);
  damaged.fill(0x55, 40, 80);
  t.is(world.fails('apply', world.file('damaged', damaged)).code, 'ARCHIVE_INVALID');
});

test('a stream works as a descriptor does', (t) => {
  if (!requires(t, 'userns')) return;
  const world = storageWorld(t);
  const archive = world.file('l.tar', Buffer.concat([member({ name: 'a' }, Buffer.alloc(3_000_000, 9)), end]));
  t.is(world.store<Applied>('apply-stream', archive).diffID, sha256Of(archive));
});

test('odd but legal archives round-trip: duplicates, replaced trees, no end, garbage behind the end', (t) => {
  if (!requires(t, 'userns')) return;
  const world = storageWorld(t);
  const archives: Record<string, Buffer> = {
    'the same file twice': Buffer.concat([member({ name: 'a' }, 'first'), member({ name: 'a' }, 'second!'), end]),
    'three times, spelled in three ways': Buffer.concat([member({ name: 'd/a' }, '1'), member({ name: './d/a' }, '22'), member({ name: '/d//a' }, '333'), end]),
    'a folder twice': Buffer.concat([member({ name: 'd/', type: '5' }), member({ name: 'd/', type: '5', mode: 0o700 }), end]),
    'a file where a tree was': Buffer.concat([member({ name: 'd/' , type: '5' }), member({ name: 'd/x' }, 'in'), member({ name: 'd/e/y' }, 'deep'), member({ name: 'd' }, 'now a file'), end]),
    'a tree where a file was': Buffer.concat([member({ name: 'd' }, 'file'), member({ name: 'd/', type: '5' }), member({ name: 'd/x' }, 'in'), end]),
    'a link thrice, then a file twice': Buffer.concat([...[1, 2, 3].map(() => member({ name: 'a', type: '2', linkName: 'b' })), member({ name: 'a' }, 'aa'), member({ name: 'a' }, 'a'), end]),
    'a hard link whose target is replaced': Buffer.concat([member({ name: 'a' }, 'old'), member({ name: 'b', type: '1', linkName: 'a' }), member({ name: 'a' }, 'new one'), end]),
    'a file through a link, then the link turned': Buffer.concat([
      member({ name: 'one/', type: '5' }), member({ name: 'two/', type: '5' }), member({ name: 'l', type: '2', linkName: 'one' }), member({ name: 'l/f' }, 'through'), member({ name: 'l', type: '2', linkName: 'two' }), end,
    ]),
    'a file overwritten through a link': Buffer.concat([member({ name: 'one/f' }, 'direct'), member({ name: 'l', type: '2', linkName: 'one' }), member({ name: 'l/f' }, 'through'), end]),
    'no end': member({ name: 'a' }, 'x'),
    'no padding': member({ name: 'a' }, 'x').subarray(0, 513),
    'garbage behind the end': Buffer.concat([member({ name: 'a' }, 'x'), end, Buffer.from('garbage'), Buffer.alloc(3_000_000, 0x41)]),
    'hard link with a size': Buffer.concat([member({ name: 'a' }, 'hello'), rawHeader({ name: 'b', type: '1', linkName: 'a', size: 5 }), end]),
    'whiteouts, one with a body': Buffer.concat([member({ name: '.wh.gone' }, 'body'), member({ name: 'd/.wh..wh..opq' }), end]),
    'nothing at all': Buffer.alloc(0),
    'only end blocks': end,
  };
  for (const [name, bytes] of Object.entries(archives)) t.is(roundTrip(world, world.file('a.tar', bytes)), sha256(bytes), name);
  t.deepEqual(world.store('check'), { problems: [] });
});

test('no name appears twice in tar-split data, which Docker would refuse', (t) => {
  if (!requires(t, 'userns')) return;
  const world = storageWorld(t);
  const bytes = Buffer.concat([
    member({ name: 'd/', type: '5' }), member({ name: 'd', type: '5' }), member({ name: 'd/a' }, '1'), member({ name: './d/a' }, '2'), member({ name: 'l', type: '2', linkName: 'x' }), member({ name: 'l', type: '2', linkName: 'y' }),
    member({ name: '\xff' }, '1'), member({ name: '\xfe' }, '1'), member({ name: '.wh.z' }), member({ name: '.wh.z' }), end,
  ]);
  const { chainID } = world.store<Applied>('apply', world.file('a.tar', bytes));
  const lines = world.inside(`zcat '${world.root}/image/overlay2/layerdb/sha256/${chainID.slice(7)}/tar-split.json.gz'`).trim().split('\n').map((line) => JSON.parse(line) as { type: number; name?: string; name_raw?: string; position: number });
  const names = lines.filter((line) => line.type === 1).map((line) => (line.name_raw ?? line.name ?? '').replace(/^\.\//, '').replace(/\/$/, ''));
  t.is(new Set(names).size, names.length, names.join(' '));
  t.deepEqual(lines.map((line) => line.position), lines.map((_, at) => at));
});

test('a layer that is not what was promised leaves nothing behind', (t) => {
  if (!requires(t, 'userns')) return;
  const world = storageWorld(t);
  const good = Buffer.concat([member({ name: 'a' }, 'x'), end]);
  const archive = world.file('a.tar', good);
  const other = `sha256:${'0'.repeat(64)}`;
  t.is(world.fails('apply-expecting', archive, other).code, 'DIGEST_MISMATCH');
  t.is(world.fails('apply-expecting', archive, '', other).code, 'DIGEST_MISMATCH');
  t.is(world.fails('apply-expecting', archive, sha256(good), other).code, 'DIGEST_MISMATCH');
  t.is(world.fails('apply', world.file('cut.tar', good.subarray(0, 512))).code, 'ARCHIVE_TRUNCATED');
  t.deepEqual(world.store('layers'), { layers: [], folders: {} });
  t.deepEqual(readdirSync(join(world.root, 'overlay2')), ['l']);
  t.deepEqual(readdirSync(join(world.root, 'overlay2', 'l')), []);
  t.is(world.store<Applied>('apply-expecting', archive, sha256(good), sha256(good)).added, true);
  t.is(world.store<Applied>('apply-expecting', archive, sha256(good)).added, false);
});

test('several layers at once: each stands on the one below, and those that are there are not read', (t) => {
  if (!requires(t, 'userns')) return;
  const world = storageWorld(t);
  const layers = Array.from({ length: 6 }, (_, at) => Buffer.concat([member({ name: `f${at}` }, `layer ${at}`), ...(at === 0 ? [] : [member({ name: `.wh.f${at - 1}` })]), end]));
  const args = layers.map((bytes, at) => `${world.file(`${at}.tar`, bytes)}=${sha256(bytes)}`);
  const first = world.store<Applied[]>('apply-all', ...args.slice(0, 3));
  const all = world.store<Applied[]>('apply-all', ...args);
  t.deepEqual(all.map((layer) => layer.added), [false, false, false, true, true, true]);
  t.deepEqual(all.slice(0, 3).map((layer) => layer.chainID), first.map((layer) => layer.chainID));
  const id = 'cd'.repeat(32);
  world.store('container', id, all[5]?.chainID ?? '');
  t.is(world.store<{ stdout: string }>('in', id, 'ls').stdout.trim().split('\n').filter((name) => name.startsWith('f')).join(' '), 'f5');
  t.deepEqual(world.store('check'), { problems: [] });
  const bad = world.fails('apply-all', ...args, `${world.file('x.tar', 'not a tar')}=${sha256(Buffer.from('x'))}`);
  t.is(bad.code, 'ARCHIVE_TRUNCATED');
});

test('two processes that want the same layers do it once', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = storageWorld(t);
  mkdirSync(join(world.home, 'tree'));
  for (let at = 0; at < 300; at++) writeFileSync(join(world.home, 'tree', `f${at}`), `${at}`);
  must(['tar', '-cf', join(world.home, 'a.tar'), '-C', join(world.home, 'tree'), '.']);
  const arg = `${join(world.home, 'a.tar')}=${sha256Of(join(world.home, 'a.tar'))}`;
  const [program = '', ...argv] = world.argv('apply-all', arg);
  t.is(program.length > 0, true);
  const running = [1, 2, 3].map(() => world.start(argv));
  const ends = await Promise.all(running.map((one) => one.exit));
  t.deepEqual(ends.map((one) => one.code), [0, 0, 0], running.map((one) => one.stderr()).join('\n'));
  t.is(running.filter((one) => (JSON.parse(one.stdout()) as Applied[])[0]?.added === true).length, 1);
  t.is(readdirSync(join(world.root, 'overlay2')).length, 2);
});
