/** Images from the cradle to the grave: import, list, tag, save, remove, load; with the same digests at the end. */
import { copyFileSync, existsSync, lstatSync, mkdtempSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { auditStore } from '../helpers/audit.ts';
import { busyboxRootfs, importBusybox, tarOf } from '../helpers/images.ts';
import { blob, descriptor, dockerMembers, makeImage, makeLayer, makeTar, ociMembers, ociTypes, sha256 } from '../helpers/make-archive.ts';
import { requires } from '../helpers/requires.ts';
import type { World } from '../helpers/world.ts';
import { makeWorld, skiffBin } from '../helpers/world.ts';

interface Inspected {
  Id: string; Digest: string; RepoTags: string[]; RepoDigests: string[]; Comment: string; Created: string; Author: string; Architecture: string; Os: string; User: string;
  Config: Record<string, unknown>; RootFS: { Type: string; Layers: string[] }; History: { created_by?: string; comment?: string; empty_layer?: boolean }[]; Labels: unknown; ManifestType: string;
}
const inspect = (world: World, name: string): Inspected => (JSON.parse(world.ok('image', 'inspect', name)) as [Inspected])[0];

test('import makes an image of a tar: one layer with its digest, the changes asked for, a history', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const tar = tarOf(busyboxRootfs(world));
  const id = world.ok('import', '-m', 'made for a test', '-c', 'CMD ["/bin/sh","-c","true"]', '-c', 'ENV A=b C="d e"', '-c', 'EXPOSE 80 53/udp', '-c', 'LABEL x=y', '-c', 'USER user',
    '-c', 'WORKDIR /tmp', '-c', 'VOLUME /data', '-c', 'STOPSIGNAL SIGINT', '-c', 'ENTRYPOINT=["/bin/busybox"]', '-c', 'ONBUILD RUN true', tar, 'base:1');
  t.regex(id, /^sha256:[0-9a-f]{64}$/);
  const image = inspect(world, 'base:1');
  t.is(`sha256:${image.Id}`, id);
  t.deepEqual(image.RepoTags, ['localhost/base:1']);
  t.deepEqual(image.RootFS, { Type: 'layers', Layers: [`sha256:${sha256(readFileSync(tar))}`] });
  t.deepEqual(image.Config, {
    User: 'user', ExposedPorts: { '53/udp': {}, '80/tcp': {} }, Env: ['A=b', 'C=d e'], Entrypoint: ['/bin/busybox'], Cmd: ['/bin/sh', '-c', 'true'], Volumes: { '/data': {} },
    WorkingDir: '/tmp', OnBuild: ['RUN true'], Labels: { x: 'y' }, StopSignal: 'SIGINT',
  });
  t.is(image.Comment, 'made for a test');
  t.is(image.History.length, 1);
  t.is(image.Created.slice(0, 19), new Date(statSync(tar).mtimeMs).toISOString().slice(0, 19), 'a file gives its own time');
  t.is(world.ok('import', '-m', 'made for a test', tar), world.ok('import', '-m', 'made for a test', tar), 'the same file is the same image');
  t.deepEqual(auditStore(world), []);
});

test('import reads standard input and compressed tars, and refuses what is none', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const tar = tarOf(busyboxRootfs(world));
  const layer = `sha256:${sha256(readFileSync(tar))}`;
  t.is(world.skiff(['import', '-', 'piped'], { input: readFileSync(tar) }).code, 0);
  t.deepEqual(inspect(world, 'piped').RootFS.Layers, [layer]);
  t.is(world.run(['gzip', '-k', tar]).code, 0);
  world.ok('import', `${tar}.gz`, 'gzipped');
  t.deepEqual(inspect(world, 'gzipped').RootFS.Layers, [layer]);
  for (const [program, suffix] of [['xz', 'xz'], ['bzip2', 'bz2']] as const) {
    t.is(world.run([program, '-k', '-1', tar]).code, 0);
    const packed = readFileSync(`${tar}.${suffix}`);
    world.ok('import', `${tar}.${suffix}`, 'packed');
    t.deepEqual(inspect(world, 'packed').RootFS.Layers, [layer], program);
    world.ok('rmi', 'packed');
    t.is(world.skiff(['import', '-', 'packed'], { input: packed }).code, 0);
    t.deepEqual(inspect(world, 'packed').RootFS.Layers, [layer], program);
    world.ok('rmi', 'packed');
    for (const [bytes, message] of [[packed.subarray(0, packed.length - 100), /data is truncated/], [Buffer.concat([packed.subarray(0, 5000), Buffer.alloc(5000), packed.subarray(10_000)]), /invalid (?:xz|bzip2) data: /]] as const) {
      const done = world.skiff(['import', '-'], { input: bytes });
      t.is(done.code, 125);
      t.regex(done.stderr, message, program);
    }
  }
  for (const [args, input, message] of [
    [['import', join(world.dir, 'none.tar')], '', /^Error: import ".*none\.tar": .*no such file/m],
    [['import', world.dir], '', /is a folder, not a tar archive[\s\S]*hint: pack it/],
    [['import', '-'], 'this is no tar\n'.repeat(100), /^Error: import standard input: /m],
    [['import', '-'], readFileSync(tar).subarray(0, 100_000), /^Error: import standard input: .*(?:truncated|ends)/m],
    [['import', tar, 'Bad'], '', /repository name must be lowercase/],
    [['import', '-c', 'FOO bar', tar], '', /invalid change "FOO bar": invalid instruction FOO/],
    [['import', '-c', 'EXPOSE 99999', tar], '', /invalid change "EXPOSE 99999"/],
  ] as const) {
    const done = world.skiff(args, { input });
    t.is(done.code, 125, done.stdout);
    t.regex(done.stderr, message);
  }
  t.is(world.ok('images', '-q').split('\n').length, 2);
  t.deepEqual(auditStore(world), []);
});

const saves: readonly (readonly [kind: string, args: readonly string[]])[] = [
  ['docker-archive', []], ['docker-archive, gzip', ['--compression-format', 'gzip']], ['docker-archive, zstd', ['--compression-format', 'zstd']],
  ['oci-archive', ['--format', 'oci-archive']], ['oci-archive, zstd', ['--format', 'oci-archive', '--compression-format', 'zstd']],
  ['oci-archive, uncompressed', ['--format', 'oci-archive', '--uncompressed']], ['oci-dir', ['--format', 'oci-dir']], ['docker-dir', ['--format', 'docker-dir']],
];

for (const [kind, args] of saves) {
  test(`save as ${kind}, rmi, load: the same image, config and layers, and a second save gives the same bytes`, (t) => {
    if (!requires(t, 'userns')) return;
    const world = makeWorld(t);
    importBusybox(world, 'app:1', { changes: ['CMD ["/bin/sh"]', 'LABEL a=b'], files: { 'etc/name with ünïcode': 'x', 'etc/link': '->/etc/passwd', [`etc/${'long'.repeat(40)}`]: 'y' } });
    const before = inspect(world, 'app:1');
    const path = join(world.dir, 'saved');
    world.ok('save', '-q', ...args, '-o', path, 'app:1');
    t.is(world.ok('rmi', 'app:1'), `Untagged: localhost/app:1\nDeleted: ${before.Id}`);
    t.is(world.ok('images', '-a', '-q'), '');
    t.deepEqual(readdirSync(join(world.root, 'overlay2')), ['l'], 'nothing of the image is left');
    const named = kind !== 'docker-dir';
    t.is(world.ok('load', '-q', '-i', path), `Loaded image: ${named ? 'localhost/app:1' : `sha256:${before.Id}`}`);
    const after = inspect(world, named ? 'app:1' : before.Id);
    t.deepEqual({ ...after, Digest: '', RepoDigests: [], RepoTags: [], NamesHistory: [], GraphDriver: {}, ManifestType: '' }, { ...before, Digest: '', RepoDigests: [], RepoTags: [], NamesHistory: [], GraphDriver: {}, ManifestType: '' } as never);
    const again = join(world.dir, 'again');
    world.ok('save', '-q', ...args, '-o', again, named ? 'app:1' : before.Id);
    t.deepEqual(contents(again), contents(path));
    t.deepEqual(auditStore(world), []);
  });
}

test('save to a pipe is what save to a file is, and stderr is quiet where asked', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'app:1');
  world.ok('save', '-o', join(world.dir, 'file.tar'), 'app:1');
  t.is(sha256(world.skiff(['save', 'app:1']).stdoutBytes), sha256(readFileSync(join(world.dir, 'file.tar'))));
  t.is(world.skiff(['save', 'app:1']).stderr, '', 'who pipes it on is told nothing, as by Podman');
  t.is(world.skiff(['save', '-q', '-o', join(world.dir, 'quiet.tar'), 'app:1']).stderr, '');
  t.regex(world.skiff(['save', '-o', join(world.dir, 'told.tar'), 'app:1']).stderr, /^Copying blob/);
});

test('save -o: links and devices are followed, and what can\'t be written is told by the name that was given', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'app:1');
  const [target, link] = [join(world.dir, 'target.tar'), join(world.dir, 'link.tar')];
  writeFileSync(target, 'before');
  symlinkSync('target.tar', link);
  world.ok('save', '-q', '-o', link, 'app:1');
  t.true(lstatSync(link).isSymbolicLink());
  t.is(sha256(world.run(['sh', '-c', '"$0" save -q -o /dev/stdout app:1 >"$1"; cat "$1"', skiffBin, join(world.dir, 'out.tar')]).stdoutBytes), sha256(readFileSync(target)));
  for (const [path, reason] of [['/proc/x', 'no such file'], ['/nosuchdir/x.tar', 'no such file'], ['/dev', 'director']] as const) {
    const done = world.skiff(['save', '-q', '-o', path, 'app:1']);
    t.is(done.code, 125);
    t.regex(done.stderr, new RegExp(`^Error: write "${path}": \\w+ "${path}": .*${reason}`));
  }
  t.regex(world.skiff(['save', '-q', '-o', '', 'app:1']).stderr, /^Error: the name of the file to write is empty/);
});

test('save refuses options that its format can\'t honour', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'app:1');
  const path = join(world.dir, 'saved');
  for (const [args, message] of [
    [['--compress'], "--compress can only be set when --format is 'docker-dir'"], [['--compress', '--format', 'oci-dir'], "--compress can only be set when --format is 'docker-dir'"],
    [['--compress', '--uncompressed', '--format', 'docker-dir'], '--compress and --uncompressed cannot be used together'],
    [['--uncompressed', '--compression-format', 'gzip', '--format', 'oci-dir'], '--uncompressed and --compression-format cannot be used together'],
  ] as const) {
    const done = world.skiff(['save', '-q', ...args, '-o', path, 'app:1']);
    t.is(done.code, 125);
    t.true(done.stderr.startsWith(`Error: ${message}\n`), done.stderr);
    t.false(existsSync(path));
  }
  for (const [args, type] of [[['--compress'], 'diff.tar.gzip'], [['--uncompressed'], 'diff.tar']] as const) {
    world.ok('save', '-q', ...args, '--format', 'docker-dir', '-o', join(path, type), 'app:1');
    t.is((JSON.parse(readFileSync(join(path, type, 'manifest.json'), 'utf8')) as { layers: { mediaType: string }[] }).layers[0]?.mediaType, `application/vnd.docker.image.rootfs.${type}`);
  }
});

test('save -m puts several images into one archive, shared layers once; without it further names are tags', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const shared = makeLayer({ base: 'x' });
  for (const name of ['one', 'two']) t.is(world.skiff(['load', '-q'], { input: makeTar(dockerMembers(makeImage([shared, makeLayer({ [name]: name })]), [`localhost/${name}:1`])) }).code, 0);
  const path = join(world.dir, 'both.tar');
  world.ok('save', '-q', '-m', '-o', path, 'one:1', 'two:1');
  const members = world.run(['tar', 'tf', path]).stdout.split('\n');
  t.is(members.filter((name) => /^[0-9a-f]{64}\.tar$/.test(name)).length, 3);
  const ids = [inspect(world, 'one:1').Id, inspect(world, 'two:1').Id];
  world.ok('rmi', '-a');
  t.is(world.ok('load', '-q', '-i', path), 'Loaded image: localhost/one:1\nLoaded image: localhost/two:1');
  t.deepEqual([inspect(world, 'one:1').Id, inspect(world, 'two:1').Id], ids);
  world.ok('save', '-q', '-o', path, 'one:1', 'extra:2');
  world.ok('rmi', '-a');
  t.is(world.ok('load', '-q', '-i', path), 'Loaded image: localhost/one:1\nLoaded image: localhost/extra:2');
  t.deepEqual(auditStore(world), []);
});

test('a manifest that came with an image is kept: save of an uncompressed OCI archive writes it again, byte for byte', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const image = makeImage([makeLayer({ a: 'b' })]);
  const [layer = Buffer.alloc(0)] = image.layers;
  const manifest = { schemaVersion: 2, mediaType: ociTypes.manifest, config: descriptor(ociTypes.config, image.config), layers: [descriptor(ociTypes.tar, layer)], annotations: { 'org.example.note': 'kept' } };
  const digest = `sha256:${sha256(JSON.stringify(manifest))}`;
  t.is(world.skiff(['load', '-q'], { input: makeTar(ociMembers({ name: 'localhost/kept:1', blobs: [blob(layer), blob(image.config)], manifest })) }).code, 0);
  t.is(inspect(world, 'kept:1').Digest, digest);
  t.deepEqual(inspect(world, 'kept:1').RepoDigests, [`localhost/kept@${digest}`]);
  t.is(world.ok('image', 'inspect', '-f', '{{.Id}}', `localhost/kept@${digest}`), image.imageID.slice(7), 'and the image can be named by it');
  world.ok('save', '-q', '--format', 'oci-dir', '-o', join(world.dir, 'out'), 'kept:1');
  t.is(readFileSync(join(world.dir, 'out/blobs/sha256', digest.slice(7)), 'utf8'), JSON.stringify(manifest));
});

test('old docker archives: layers behind links, short names of Docker', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const layer = makeLayer({ same: 'x' });
  const image = makeImage([layer, layer]);
  const members = dockerMembers(image, ['busybox:1', 'foo/bar:2', 'quay.io/a/b:3']);
  const [first, second] = members.filter(({ name }) => name.endsWith('layer.tar'));
  const linked = members.map((member) => (member === second ? { name: member.name, type: '2', link: `../${first?.name}` } : member));
  t.is(world.skiff(['load', '-q'], { input: makeTar(linked) }).stdout, 'Loaded image: docker.io/library/busybox:1\nLoaded image: docker.io/foo/bar:2\nLoaded image: quay.io/a/b:3\n');
  const repositories = JSON.parse(readFileSync(join(world.root, 'image/overlay2/repositories.json'), 'utf8')) as unknown;
  t.deepEqual(repositories, { Repositories: { busybox: { 'busybox:1': image.imageID }, 'foo/bar': { 'foo/bar:2': image.imageID }, 'quay.io/a/b': { 'quay.io/a/b:3': image.imageID } } }, 'as Docker writes it');
  for (const name of ['busybox:1', 'docker.io/busybox:1', 'docker.io/library/busybox:1', 'foo/bar:2', 'b:3', image.imageID, image.imageID.slice(7, 19)]) t.is(world.skiff(['image', 'exists', name]).code, 0, name);
  for (const name of ['busybox', 'busybox:2', 'localhost/busybox:1', 'bar', 'x'.repeat(64)]) t.is(world.skiff(['image', 'exists', name]).code, 1, name);
});

test('archives of Docker 25 and later: an OCI layout with manifest.json beside it, which has the whole names', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const image = makeImage([makeLayer({ a: 'b' })]);
  const [layer = Buffer.alloc(0)] = image.layers;
  const manifest = { schemaVersion: 2, mediaType: ociTypes.manifest, config: descriptor(ociTypes.config, image.config), layers: [descriptor(ociTypes.tar, layer)] };
  const members = ociMembers({ name: 'latest', blobs: [blob(layer), blob(image.config)], manifest });
  const docker = { name: 'manifest.json', data: JSON.stringify([{ Config: blob(image.config).name, RepoTags: ['app:latest'], Layers: [blob(layer).name] }]) };
  t.is(world.skiff(['load', '-q'], { input: makeTar([...members, docker]) }).stdout, 'Loaded image: docker.io/library/app:latest\n');
  t.is(world.ok('images', '-q', '--no-trunc'), image.imageID);
});

test('load reads archives in xz and bzip2, from a file and from a pipe', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const image = makeImage([makeLayer({ a: 'b'.repeat(200_000) })]);
  const path = join(world.dir, 'archive.tar');
  writeFileSync(path, makeTar(dockerMembers(image, ['app:1'])));
  for (const [program, suffix] of [['xz', 'xz'], ['bzip2', 'bz2']] as const) {
    t.is(world.run([program, '-k', path]).code, 0);
    for (const args of [['load', '-q', '-i', `${path}.${suffix}`], ['load', '-q'], ['pull', '-q', `docker-archive:${path}.${suffix}`]]) {
      const done = world.skiff(args, { input: readFileSync(`${path}.${suffix}`) });
      t.is(done.code, 0, done.stderr);
      t.is(world.ok('images', '-q', '--no-trunc'), image.imageID);
      world.ok('rmi', '-a');
    }
  }
  t.deepEqual(auditStore(world), []);
});

test('import reads from a web server, and says what the server said where it does not', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const layer = makeLayer({ a: 'from the web' });
  const server = createServer((request, response) => {
    if (request.url === '/secret' && request.headers.authorization === `Basic ${Buffer.from('user:pass word').toString('base64')}`) response.end(layer);
    else if (request.url === '/moved') response.writeHead(302, { location: '/rootfs.tar' }).end();
    else if (request.url === '/cut') {
      response.writeHead(200, { 'content-length': String(layer.length) });
      response.write(layer.subarray(0, 700), () => response.destroy());
    } else if (request.url === '/rootfs.tar') response.end(layer);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  t.teardown(() => server.close());
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const done = async (path: string): Promise<{ code: number | null; stderr: string }> => {
    const running = world.start(['import', `${path.startsWith('http') ? '' : address}${path}`, 'web']);
    return { code: (await running.exit).code, stderr: running.stderr() };
  };
  t.is((await done('/moved')).code, 0);
  t.deepEqual(inspect(world, 'web').RootFS.Layers, [`sha256:${sha256(layer)}`]);
  world.ok('rmi', 'web');
  t.is((await done(`${address.replace('//', '//user:pass%20word@')}/secret`)).code, 0);
  world.ok('rmi', 'web');
  for (const [path, message] of [['/none', /^Error: import "http.*\/none": the server answered 404/m], ['/cut', /^Error: import "http.*\/cut": /m], ['http://user:secret@127.0.0.1:1/x', /^Error: import "http:\/\/127\.0\.0\.1:1\/x": /m]] as const) {
    const { code, stderr } = await done(path);
    t.is(code, 125, path);
    t.regex(stderr, message);
    t.notRegex(stderr, /secret|internal error/);
  }
  t.is(world.ok('images', '-aq'), '');
  t.deepEqual(auditStore(world), []);
});

test('names: tag, untag, and the moves between images', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const one = importBusybox(world, 'one');
  const two = importBusybox(world, 'two', { changes: ['LABEL n=2'] });
  world.ok('tag', 'one', 'x', 'quay.io/y/z:3');
  t.deepEqual(world.ok('images', '--sort', 'repository', '--format', '{{.Repository}}:{{.Tag}}').split('\n'), ['localhost/one:latest', 'localhost/two:latest', 'localhost/x:latest', 'quay.io/y/z:3']);
  world.ok('tag', two.slice(7, 19), 'x');
  t.is(world.ok('images', '-q', '--no-trunc', 'x'), two);
  world.ok('untag', 'quay.io/y/z:3', 'quay.io/y/z:3');
  t.deepEqual(inspect(world, 'one').RepoTags, ['localhost/one:latest']);
  world.ok('untag', one);
  t.is(world.ok('images', '--filter', 'dangling=true', '-q', '--no-trunc'), one);
  for (const [args, message] of [
    [['tag', 'none', 'a'], /none: image not known/], [['tag', 'two', 'Bad'], /lowercase/], [['tag', 'two', `a@sha256:${'0'.repeat(64)}`], /can't have a digest/], [['tag', 'two'], /requires at least 2/],
    [['untag', 'none'], /none: image not known/], [['untag', 'two', 'other'], /other: tag not known/],
  ] as const) {
    const done = world.skiff(args);
    t.is(done.code, 125);
    t.regex(done.stderr, message);
  }
  t.deepEqual(inspect(world, 'two').RepoTags, ['localhost/two:latest', 'localhost/x:latest'], 'a failed untag takes nothing');
  t.deepEqual(auditStore(world), []);
});

test('rmi: names before the image, in use, ambiguous ids, exit codes of Podman', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const id = importBusybox(world, 'app:1');
  world.ok('tag', 'app:1', 'app:2');
  const byID = world.skiff(['rmi', id]);
  t.is(byID.code, 125);
  t.regex(byID.stderr, /by ID with more than one tag \(\[localhost\/app:1 localhost\/app:2\]\): please force removal/);
  t.is(world.ok('rmi', 'app:2'), 'Untagged: localhost/app:2', 'the image keeps its other name');
  const container = world.ok('create', 'app:1', 'true');
  const used = world.skiff(['rmi', 'app:1']);
  t.is(used.code, 2);
  t.regex(used.stderr, new RegExp(`image used by ${container}`));
  t.is(world.skiff(['image', 'exists', 'app:1']).code, 0);
  const mixed = world.skiff(['rmi', 'none', 'app:1']);
  t.is(mixed.code, 2);
  t.regex(mixed.stderr, /none: image not known/);
  t.is(world.skiff(['rmi', 'none']).code, 1);
  t.is(world.skiff(['rmi', '-i', 'none']).code, 0);
  t.is(world.skiff(['rmi']).code, 125);
  t.is(world.ok('rmi', '-f', 'app:1'), `Untagged: localhost/app:1\nDeleted: ${id.slice(7)}`);
  t.is(world.ok('ps', '-aq'), '');
  t.is(world.ok('images', '-aq'), '');
  t.deepEqual(auditStore(world), []);
});

test('image prune takes the nameless, --all what no container uses', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const nameless = importBusybox(world, 'x', { changes: ['LABEL n=1'] });
  const named = importBusybox(world, 'x', { changes: ['LABEL n=2'] });
  importBusybox(world, 'used');
  world.ok('create', 'used', 'true');
  const refused = world.skiff(['image', 'prune'], { input: 'n\n' });
  t.regex(refused.stdout, /WARNING! This command removes all dangling images\.\nAre you sure you want to continue\? \[y\/N\] /);
  const unanswered = world.skiff(['image', 'prune'], { input: '' });
  t.is(unanswered.code, 125);
  t.regex(unanswered.stderr, /^Error: no answer: standard input has ended\nhint: --force asks nothing$/m);
  t.is(world.ok('images', '-q').split('\n').length, 3);
  t.is(world.ok('image', 'prune', '-f', '--filter', 'label=n=2'), '');
  t.is(world.ok('image', 'prune', '-f'), nameless.slice(7));
  t.is(world.ok('image', 'prune', '-a', '-f'), named.slice(7));
  t.is(world.ok('images', '--format', '{{.Repository}}'), 'localhost/used');
  t.deepEqual(auditStore(world), []);
});

test('images: columns, filters, order, templates', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  t.is(world.ok('images'), 'REPOSITORY  TAG         IMAGE ID    CREATED     SIZE');
  t.is(world.ok('images', '--format', 'json'), '[]');
  const old = makeImage([makeLayer({ a: 'a' })], (config) => ({ ...config, created: '2020-01-02T03:04:05.678Z', config: { Labels: { kind: 'old' } } }));
  const young = makeImage([makeLayer({ a: 'a', b: 'bbbb' })], (config) => ({ ...config, created: '2024-01-02T03:04:05Z' }));
  t.is(world.skiff(['load', '-q'], { input: makeTar(dockerMembers(old, ['quay.io/team/old:1'])) }).code, 0);
  t.is(world.skiff(['load', '-q'], { input: makeTar(dockerMembers(young, ['young:2'])) }).code, 0);
  const repositories = (...args: string[]): string[] => world.ok('images', '--format', '{{.Repository}}', ...args).split('\n').filter(Boolean);
  const [a, b] = ['docker.io/library/young', 'quay.io/team/old'];
  t.deepEqual(repositories(), [a, b], 'youngest first');
  t.deepEqual(repositories('--sort', 'size'), [b, a]);
  for (const [args, expected] of [
    [['old'], [b]], [['team/*'], [b]], [['*/*/old:1'], [b]], [['young:3'], []], [['young'], [a]],
    [['-f', 'label=kind'], [b]], [['-f', 'label=kind=new'], []], [['-f', 'before=young:2'], [b]], [['-f', 'since=old:1'], [a]], [['-f', 'until=2022-01-01'], [b]], [['-f', 'dangling=true'], []],
    [['-f', 'reference=young', '-f', 'reference=old'], [a, b]], [['-f', 'label!=kind'], [a]], [['-f', `id=${old.imageID.slice(7, 15)}`], [b]], [['-f', 'containers=false'], [a, b]],
  ] as const) t.deepEqual(repositories(...args), [...expected], args.join(' '));
  t.regex(world.ok('images', '--digests', '--no-trunc', 'old'), new RegExp(`^REPOSITORY +TAG +DIGEST +IMAGE ID +CREATED +SIZE\nquay\\.io/team/old +1 +sha256:[0-9a-f]{64} +${old.imageID} +\\d+ years ago +1 B$`));
  t.is(world.ok('images', '-n', '--format', 'table {{.ID}} {{.Tag}}', 'old'), `${old.imageID.slice(7, 19)}  1`);
  const [listed] = JSON.parse(world.ok('images', '--format', 'json', 'old')) as Record<string, unknown>[];
  t.like(listed, { Id: old.imageID.slice(7), Names: ['quay.io/team/old:1'], Size: 1, Created: 1577934245, CreatedAt: '2020-01-02T03:04:05Z', Labels: { kind: 'old' }, Containers: 0 });
  for (const [args, message] of [
    [['-f', 'foo=bar'], /unsupported image filter "foo"/], [['-f', 'foo'], /filter=value/], [['--sort', 'foo'], /--sort/], [['a', 'b'], /accepts at most 1 arg/], [['-f', 'dangling=maybe'], /maybe/], [['--format', '{{.Foo}}'], /Foo/],
  ] as const) {
    const done = world.skiff(['images', ...args]);
    t.is(done.code, 125, args.join(' '));
    t.regex(done.stderr, message);
  }
});

test('history: newest first, sizes of layers, empty steps, hostile text', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const image = makeImage([makeLayer({ a: 'four' }), makeLayer({ b: 'x' })], (config) => ({
    ...config, history: [{ created: '2020-01-01T00:00:00Z', created_by: 'first' }, { created_by: 'ENV x', empty_layer: true }, { created: '2021-01-01T00:00:00Z', created_by: 'last\u001b[31m\nline', comment: 'c' }],
  }));
  t.is(world.skiff(['load', '-q'], { input: makeTar(dockerMembers(image, ['h:1'])) }).code, 0);
  t.deepEqual(world.ok('history', '--format', '{{.ID}}|{{.CreatedBy}}|{{.Size}}|{{.Comment}}', 'h:1').split('\n'), [`${image.imageID.slice(7, 19)}|last [31m line|1 B|c`, '<missing>|ENV x|0 B|', '<missing>|first|4 B|']);
  t.is(world.ok('history', '-q', '--no-trunc', 'h:1').split('\n')[0], image.imageID.slice(7));
  const steps = JSON.parse(world.ok('history', '--format', 'json', 'h:1')) as { size: number; CreatedBy: string; created?: string; Created?: string }[];
  t.deepEqual(steps.map(({ size }) => size), [1, 0, 4]);
  t.is(steps[0]?.CreatedBy, 'last\u001b[31m\nline', 'JSON has the text as it is');
  t.deepEqual(steps.map(({ created, Created }) => [created, Created]), [['2021-01-01T00:00:00Z', '2021-01-01T00:00:00Z'], [undefined, undefined], ['2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z']]);
  t.is(world.skiff(['history', 'none']).code, 125);
});

test('image inspect prints what it finds and fails for the rest', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const id = importBusybox(world, 'app:1');
  const done = world.skiff(['image', 'inspect', 'none', 'app:1']);
  t.is(done.code, 125);
  t.is((JSON.parse(done.stdout) as Inspected[]).length, 1);
  t.regex(done.stderr, /inspecting object: none: image not known/);
  t.is(world.ok('image', 'inspect', '-f', '{{.Id}} {{index .RepoTags 0}} {{len .RootFS.Layers}}', 'app:1'), `${id.slice(7)} localhost/app:1 1`);
});

test('images of one store are read without entering a namespace, and an absent store is an empty one', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  for (const args of [['images', '-q'], ['image', 'prune', '-f'], ['rmi', '-a']]) t.is(world.ok(...args), '');
  t.is(world.skiff(['image', 'exists', 'x']).code, 1);
  t.false(existsSync(join(world.root, 'overlay2')), 'reading makes nothing');
});

test('skopeo and Podman read what save writes, and load reads what they write', (t) => {
  if (!requires(t, 'userns', 'skopeo', 'podman')) return;
  const world = makeWorld(t);
  const id = importBusybox(world, 'app:1', { changes: ['CMD ["/bin/sh"]'] });
  const podman = (...args: string[]): { code: number | null; stdout: string; stderr: string } => world.run(['podman', '--log-level=error', '--storage-driver=vfs', '--root', join(world.dir, 'podman'), '--runroot', join(world.dir, 'podman-run'), ...args]);
  for (const [format, transport] of [['docker-archive', 'docker-archive'], ['oci-archive', 'oci-archive']] as const) {
    const path = join(world.dir, `${format}.tar`);
    world.ok('save', '-q', '--format', format, '-o', path, 'app:1');
    const config = world.run(['skopeo', 'inspect', '--config', '--raw', `${transport}:${path}`]);
    t.is(config.code, 0, config.stderr);
    t.is(`sha256:${sha256(config.stdout.replace(/\n$/, ''))}`, id, `skopeo reads the config of ${format}`);
    const loaded = podman('load', '-q', '-i', path);
    t.is(loaded.stdout, 'Loaded image: localhost/app:1\n', loaded.stderr);
    t.is(podman('image', 'inspect', '--format', '{{.Id}}', 'app:1').stdout.trim(), id.slice(7));
    const back = join(world.dir, `podman-${format}.tar`);
    t.is(podman('save', '-q', '--format', format, '-o', back, 'app:1').code, 0);
    world.ok('rmi', '-a');
    t.is(world.ok('load', '-q', '-i', back), 'Loaded image: localhost/app:1');
    t.is(world.ok('images', '-q', '--no-trunc'), id, `load reads Podman's ${format}`);
    podman('rmi', '-a', '-f');
  }
  const docker = join(world.dir, 'docker-archive.tar');
  const copied = join(world.dir, 'copied.tar');
  t.is(world.run(['skopeo', '--insecure-policy', 'copy', `docker-archive:${docker}`, `oci-archive:${copied}:localhost/copied:1`]).code, 0);
  t.is(world.ok('load', '-q', '-i', copied), 'Loaded image: localhost/copied:1');
  t.is(world.ok('images', '-q', '--no-trunc', 'copied'), id, 'what skopeo copied');
  t.is(world.run(['skopeo', '--insecure-policy', 'copy', `oci-archive:${copied}`, `dir:${join(world.dir, 'dir')}`]).code, 0);
  t.is(world.ok('load', '-q', '-i', join(world.dir, 'dir')), `Loaded image: ${id}`);
  t.is(podman('unshare', 'rm', '-rf', join(world.dir, 'podman')).code, 0);
});

/** Files and their digests below a path; of one file its own. */
function contents(path: string): Record<string, string> {
  if (statSync(path).isFile()) return { '': sha256(readFileSync(path)) };
  return Object.fromEntries(readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(path, name)).isFile()).toSorted().map((name) => [name, sha256(readFileSync(join(path, name)))]));
}

test('a store that is copied keeps its images', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const id = importBusybox(world, 'app:1');
  const copy = mkdtempSync(join(world.dir, 'copy-'));
  t.is(world.skiff(['unshare', 'cp', '-a', `${world.root}/.`, copy]).code, 0);
  t.is(world.ok('--root', copy, 'images', '-q', '--no-trunc'), id);
  writeFileSync(join(world.dir, 'x'), '');
  copyFileSync(join(world.dir, 'x'), join(world.dir, 'y'));
  t.is(world.skiff(['unshare', 'rm', '-rf', copy]).code, 0);
});
