/** Images out of OCI layouts with more than one entry. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { auditStore } from '../helpers/audit.ts';
import type { TarMember } from '../helpers/make-archive.ts';
import { blob, descriptor, makeImage, makeLayer, makeTar, ociMembers, ociParts, ociTypes, sha256 } from '../helpers/make-archive.ts';
import { requires } from '../helpers/requires.ts';
import { makeWorld } from '../helpers/world.ts';

test('an OCI layout: the entry that was asked for is read and no other, whatever its name looks like', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const layer = makeLayer({ a: 'b'.repeat(1000) });
  const image = makeImage([layer]);
  const folder = join(world.dir, 'layout');
  const entry = (name: string, type: string, bytes: Buffer): { name: string; raw: Buffer; blobs: TarMember[] } => {
    const raw = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: ociTypes.manifest, config: descriptor(ociTypes.config, image.config), layers: [descriptor(type, bytes)] }));
    return { name, raw, blobs: [blob(bytes), blob(image.config), blob(raw)] };
  };
  const packed = gzipSync(layer);
  const entries = [entry('gz', ociTypes.gzip, packed), entry('plain', ociTypes.tar, layer), entry('2+build', ociTypes.gzip, gzipSync(layer, { level: 1 })), entry('V1.0-RC', ociTypes.gzip, gzipSync(layer, { level: 2 }))];
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true });
  for (const { name, data = '' } of entries.flatMap(({ blobs }) => blobs)) writeFileSync(join(folder, name), data);
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const writeIndex = (listed: typeof entries, named = true): void => writeFileSync(join(folder, 'index.json'), JSON.stringify({
    schemaVersion: 2, manifests: listed.map(({ name, raw }) => ({ ...descriptor(ociTypes.manifest, raw), ...(named && { annotations: { 'org.opencontainers.image.ref.name': name } }) })),
  }));
  writeIndex(entries);
  const loaded = world.skiff(['load', '-q', '-i', folder]);
  t.is(loaded.code, 0, loaded.stderr);
  t.deepEqual(loaded.stdout.split('\n').slice(0, 2), ['Loaded image: localhost/gz:latest', 'Loaded image: localhost/plain:latest']);
  t.regex(loaded.stderr, /"2\+build" is no image reference[\s\S]*"V1\.0-RC" is no image reference/);
  world.ok('rmi', '-af');

  writeFileSync(join(folder, blob(packed).name), 'damaged');
  for (const [name, at, expected] of [['plain', 1, 'localhost/plain:latest'], ['2+build', 2, 'localhost/layout:latest'], ['V1.0-RC', 3, 'localhost/layout:latest']] as const) {
    const pulled = world.skiff(['pull', '-q', `oci:layout:${name}`], { cwd: world.dir });
    t.is(pulled.code, 0, pulled.stderr);
    t.is(world.ok('images', '--format', '{{.Repository}}:{{.Tag}}'), expected);
    t.is(world.ok('image', 'inspect', '--format', '{{.Digest}}', expected), `sha256:${sha256(entries[at]?.raw ?? '')}`, name);
    t.is(pulled.stderr, name === 'plain' ? '' : `warning: "${name}" is no image reference: the image is called localhost/layout:latest\n`);
    world.ok('rmi', '-af');
  }
  t.regex(world.skiff(['pull', `oci:${folder}:gz`]).stderr, /layer sha256:.* has 7 bytes/);
  const several = world.skiff(['pull', `oci:${folder}`]);
  t.is(several.code, 125);
  t.regex(several.stderr, /more than one image there, choose an image\nhint: there are: gz, plain, 2\+build, V1\.0-RC/);
  writeIndex(entries.slice(1, 2), false);
  t.is(world.skiff(['pull', '-q', 'oci:./layout/'], { cwd: world.dir }).code, 0);
  t.is(world.ok('images', '--format', '{{.Repository}}:{{.Tag}}'), 'localhost/layout:latest', 'without a name in the layout the path is one');
  t.deepEqual(auditStore(world), []);
});

test('an OCI layout with control characters in a name is refused whole', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const archive = join(world.dir, 'evil.tar');
  writeFileSync(archive, makeTar(ociMembers(ociParts(makeImage([makeLayer({ a: 'a' })]), 'evil\u001b[31m'))));
  for (const command of [['load', '-q', '-i', archive], ['pull', '-q', `oci-archive:${archive}`]]) {
    const { code, stderr } = world.skiff(command);
    t.is(code, 125, command[0]);
    t.regex(stderr, /index\.json: the name "evil\\u001b\[31m" has control characters/);
  }
  t.is(world.ok('images', '-a', '-q'), '');
  t.deepEqual(auditStore(world), []);
});
