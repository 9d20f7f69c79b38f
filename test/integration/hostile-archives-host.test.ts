/**
 * CVE class H: what copies files between host and images runs no program of an image, and no link makes it read or write elsewhere.
 * A canary tree stands on the host; it must stay as it is, and its text must come out nowhere.
 */
import { chmodSync, mkdirSync, readFileSync, readdirSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { auditStore } from '../helpers/audit.ts';
import { busyboxRootfs, importBusybox, tarOf } from '../helpers/images.ts';
import { dockerMembers, makeImage, makeLayer, makeTar, ociMembers, ociParts } from '../helpers/make-archive.ts';
import { requires } from '../helpers/requires.ts';
import type { World } from '../helpers/world.ts';
import { makeWorld } from '../helpers/world.ts';

const hostText = 'the text of the host\n';

function canary(world: World): { path: string; intact: () => boolean } {
  const path = join(world.dir, 'canary');
  mkdirSync(path);
  writeFileSync(join(path, 'secret'), hostText);
  const { mtimeMs } = statSync(path);
  return { path, intact: () => readdirSync(path).join() === 'secret' && readFileSync(join(path, 'secret'), 'utf8') === hostText && statSync(path).mtimeMs === mtimeMs };
}

/** All that an image is made of, as text. */
const bytesOf = (world: World, image: string): string => world.skiff(['save', '-q', image]).stdoutBytes.toString('latin1');

test('CVE class H: import, load and save take no program from where they work or from an image', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const host = canary(world);
  const programs = ['xz', 'bzip2', 'gzip', 'zstd', 'tar', 'sh'];
  const evil = `#!/bin/busybox sh\necho ran > ${host.path}/ran\n`;
  const rootfs = busyboxRootfs(world, { files: Object.fromEntries(['xz', 'bzip2', 'zstd'].flatMap((name) => [[`bin/${name}`, evil], [`usr/bin/${name}`, evil]])) });
  const tar = tarOf(rootfs);
  for (const packer of ['xz', 'bzip2', 'gzip']) t.is(world.run([packer, '-1', '-k', tar]).code, 0);
  for (const name of programs) {
    writeFileSync(join(rootfs, name), evil);
    chmodSync(join(rootfs, name), 0o755);
  }
  // A PATH that leads into the current folder is what a careless host has.
  const careless = { cwd: rootfs, env: { PATH: `.:bin::usr/bin:${world.env['PATH']}` } };
  for (const suffix of ['xz', 'bz2', 'gz']) {
    const done = world.skiff(['import', `${tar}.${suffix}`, 'h'], careless);
    t.is(done.code, 0, done.stderr);
  }
  t.is(world.skiff(['save', '-q', '--compression-format', 'zstd', '-o', join(world.dir, 'saved'), 'h'], careless).code, 0);
  t.is(world.skiff(['load', '-q', '-i', join(world.dir, 'saved')], careless).code, 0);
  t.true(host.intact());
});

test('CVE class H: links in archives and folders lead load, import and save nowhere', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const host = canary(world);
  const image = makeImage([makeLayer({ a: 'b' })]);
  const through = [{ name: 'way', type: '2', link: host.path }, { name: 'way/secret', data: 'overwritten' }, { name: 'hard', type: '1', link: `${host.path}/secret` }, { name: '../canary/secret', data: 'overwritten' }];
  world.skiff(['load', '-q'], { input: makeTar([...through, ...dockerMembers(image, ['h:1'])]) });
  world.skiff(['load', '-q'], { input: makeTar([...through, ...ociMembers(ociParts(image, 'h:2'))]) });
  const layer = makeTar(through);
  const imported = world.skiff(['import', '-', 'h:3'], { input: layer });
  if (imported.code === 0) t.false(bytesOf(world, 'h:3').includes(hostText));
  world.skiff(['load', '-q'], { input: makeTar(dockerMembers(makeImage([layer]), ['h:4'])) });
  t.true(host.intact());

  // A folder from elsewhere: its documents are links to files of the host.
  const folder = join(world.dir, 'layout');
  mkdirSync(folder);
  for (const name of ['index.json', 'oci-layout', 'manifest.json', 'version']) symlinkSync(join(host.path, 'secret'), join(folder, name));
  const loaded = world.skiff(['load', '-q', '-i', folder]);
  t.is(loaded.code, 125);
  t.false(loaded.stderr.includes(hostText.trim()), loaded.stderr);
  importBusybox(world, 'good');
  for (const format of ['oci-dir', 'docker-dir']) world.skiff(['save', '-q', '--format', format, '-o', folder, 'good']);
  t.true(host.intact());
  t.deepEqual(auditStore(world), []);
});

test('CVE class H: commit takes links for links, also while a container swaps them for folders', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const host = canary(world);
  importBusybox(world, 'base');
  const swapping = `mkdir /real /work; echo mine > /real/secret; ln -s ${host.path} /link; ln -s ${host.path}/secret /file; echo started
    while :; do mv /work /old; mv /link /work; mv /work /link; mv /old /work; done`;
  const running = world.start(['run', '--network', 'none', '--name', 'h', 'base', 'sh', '-c', swapping]);
  await running.waitFor(/started/);
  for (let times = 0; times < 5; times++) {
    const done = world.skiff(['commit', '-q', 'h', `made:${times}`]);
    // A tree that changes under it may be refused, but not mistaken.
    if (done.code === 0) t.false(bytesOf(world, `made:${times}`).includes(hostText));
  }
  world.ok('rm', '-f', '-t', '0', 'h');
  t.true(host.intact());
});

test('CVE class H: the first use of a volume copies nothing of the host, and nothing onto it', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const host = canary(world);
  importBusybox(world, 'h', { files: { data: `->${host.path}`, 'dots': `->../../../../../../../..${host.path}`, 'inner/link': `->${host.path}/secret`, 'inner/folder': `->${host.path}` } });
  for (const place of ['/data', '/dots', '/data/deep', '/inner']) {
    const volume = `v${place.replaceAll('/', '-')}`;
    const run = world.skiff(['run', '--rm', '--network', 'none', '-v', `${volume}:${place}`, 'h', 'sh', '-c', `ls -a ${place}; cat ${place}/secret ${place}/link ${place}/folder/secret; echo mine > ${place}/secret`]);
    t.false(run.stdout.includes(hostText.trim()), place);
    t.true(host.intact(), `${place}: ${run.stderr}`);
    if (place !== '/inner') continue;
    const data = world.run(['find', world.root, '-path', `*${volume}/_data/link`]).stdout.trim();
    t.is(readlinkSync(data), `${host.path}/secret`, 'a link is copied as one');
  }
});
