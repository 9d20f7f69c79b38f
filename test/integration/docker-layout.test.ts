import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { dockerPrograms, withDockerd } from '../helpers/dockerd.ts';
import { importBusybox } from '../helpers/images.ts';
import { makeWorld, skiffBin } from '../helpers/world.ts';

const programs = dockerPrograms();
const judged = 'dir' in programs ? test : test.skip;
if ('missing' in programs && process.env['CI'] === 'true') test('a rootless dockerd can be had', (t) => { t.fail(programs.missing); });
const dir = 'dir' in programs ? programs.dir : '';

judged('a rootless dockerd on a copy of the store lists our images, saves them with our diffIDs and runs them', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'localhost/base:1', { files: { 'etc/motto': 'one crew\n' } });
  world.ok('run', '--name', 'second', '--network', 'none', 'localhost/base:1', 'sh', '-c', 'echo two > /etc/second; rm /etc/motto; ln /etc/second /etc/hard');
  world.ok('commit', '-q', 'second', 'localhost/two:1');
  world.ok('tag', 'localhost/two:1', 'localhost/again:2');
  const ours = world.ok('images', '--no-trunc', '--format', '{{.Repository}}:{{.Tag}} {{.ID}}').split('\n').toSorted();
  const layers = JSON.parse(world.ok('image', 'inspect', '--format', '{{json .RootFS.Layers}}', 'localhost/two:1')) as string[];
  t.is(layers.length, 2);

  const copy = join(world.dir, 'home', 'copy');
  t.is(world.run([skiffBin, 'unshare', 'cp', '-a', world.root, copy]).code, 0);
  const seen = withDockerd(world, dir, copy, `
    docker images --no-trunc --format '{{.Repository}}:{{.Tag}} {{.ID}}'
    echo ==
    docker image inspect --format '{{json .RootFS.Layers}}' localhost/two:1
    echo ==
    docker save localhost/two:1 | tar -xO --wildcards '*/layer.tar' | wc -c
    for layer in $(docker save localhost/two:1 | tar -t | grep layer.tar); do docker save localhost/two:1 | tar -xO $layer | sha256sum; done
    echo ==
    docker run --rm --network none localhost/two:1 sh -c 'cat /etc/second; test ! -e /etc/motto && stat -c %h /etc/hard'
    echo ==
    docker ps -a --format '{{.Names}} {{.Image}} {{.Status}}'
  `);
  t.is(seen.code, 0, `${seen.stderr}\n${seen.stdout}`);
  const [images = '', inspected = '', saved = '', ran = '', containers = ''] = seen.stdout.split('==\n');
  t.deepEqual(images.trim().split('\n').toSorted(), ours);
  t.deepEqual(JSON.parse(inspected), layers);
  for (const layer of layers) t.true(saved.includes(layer.replace('sha256:', '')), `docker save puts ${layer} together again: ${saved}`);
  t.is(ran, 'two\n2\n');
  t.regex(containers, /^second localhost\/base:1 /m);
});

judged('skiff --root reads the store that a rootless dockerd wrote, and runs from it', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'localhost/base:1');
  const archive = join(world.dir, 'base.tar');
  world.ok('save', '-o', archive, 'localhost/base:1');
  const data = join(world.home, 'docker');
  const made = withDockerd(world, dir, data, `
    docker load -q -i ${archive} && docker tag localhost/base:1 plain:2 &&
    docker run --name cc --network none plain:2 sh -c 'echo from docker > /note' && docker commit cc noted:3 &&
    docker images --no-trunc --format '{{.Repository}}:{{.Tag}} {{.ID}}'
  `);
  t.is(made.code, 0, `${made.stderr}\n${made.stdout}`);
  t.true(existsSync(join(data, 'image/overlay2/repositories.json')));
  const theirs = made.stdout.split('\n').filter((line) => line.includes(' sha256:'));
  const ours = world.ok('--root', data, 'images', '--no-trunc', '--format', '{{.Repository}}:{{.Tag}} {{.ID}}').split('\n');
  for (const line of theirs) t.true(ours.some((mine) => mine.endsWith(line.replace(/^(?!localhost)/, '')) ), `${line} in ${ours.join(' | ')}`);
  t.is(world.ok('--root', data, 'run', '--rm', '--network', 'none', 'noted:3', 'cat', '/note'), 'from docker');
});
