/** JSON views held against Podman's, as test/fixtures/podman-views.json has them: each member is there, or listed with its reason. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { importBusybox } from '../helpers/images.ts';
import { collectViews, isMapOfView, keyPaths, views, type View } from '../helpers/key-paths.ts';
import { makeWorld, projectRoot } from '../helpers/world.ts';

const podman = JSON.parse(readFileSync(join(projectRoot(), 'test', 'fixtures', 'podman-views.json'), 'utf8')) as { views: Record<View, string[]> };

/** Members of Podman's that we leave out; what is below one goes with it. */
const leftOut: Record<View, Readonly<Record<string, string>>> = {
  'container inspect': {},
  'image inspect': {},
  ps: {},
  images: {},
  info: { 'host.buildahVersion': 'there is no Buildah here whose version could be told' },
  version: {},
};

test('inspect, ps, images, info and version have the members of Podman’s JSON', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base', { changes: ['LABEL a=b', 'ENV A=1', 'CMD ["true"]', 'EXPOSE 80'] });
  const documents = collectViews((args) => world.ok(...args), 'localhost/base:latest');
  for (const view of views) {
    const ours = new Set(keyPaths(documents[view], isMapOfView));
    const excused = Object.keys(leftOut[view]);
    const missing = podman.views[view].filter((path) => !ours.has(path) && !excused.some((one) => path === one || path.startsWith(`${one}.`) || path.startsWith(`${one}[]`)));
    t.deepEqual(missing, [], view);
    t.deepEqual(excused.filter((path) => ours.has(path) || !podman.views[view].includes(path)), [], `${view}: excused without need`);
  }
});
