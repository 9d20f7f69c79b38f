/** The image verbs that look, compare, mount and fetch; Podman is the second opinion where it is at hand. */
import { createServer } from 'node:http';
import { readFileSync, readdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { auditStore } from '../helpers/audit.ts';
import { busyboxRootfs, importBusybox, tarOf } from '../helpers/images.ts';
import { makeLayer } from '../helpers/make-archive.ts';
import { madeImage } from '../helpers/make-image.ts';
import { pushImage, startRegistry } from '../helpers/registry.ts';
import { requires } from '../helpers/requires.ts';
import type { World } from '../helpers/world.ts';
import { makeWorld, skiffBin } from '../helpers/world.ts';

/** busybox with a layer upon it. */
function family(world: World): { base: string; child: string } {
  const base = importBusybox(world, 'base:1').slice(7);
  world.ok('run', '--name', 'maker', '--network', 'none', 'base:1', 'sh', '-c', 'echo hi >/etc/new; rm /etc/group; mkdir /q; echo a >/q/f; chmod 600 /etc/passwd');
  const child = world.ok('commit', '-q', 'maker', 'child:1').replace('sha256:', '');
  return { base, child };
}

test('names that an image had are kept: images --history and inspect show them', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const { base, child } = family(world);
  const history = (id: string): string | undefined => world.ok('images', '-a', '--no-trunc', '--format', '{{.ID}} {{.History}}').split('\n').find((line) => line.includes(id))?.replace(/^\S+ /, '');
  t.is(history(base), 'localhost/base:1');
  world.ok('tag', 'child:1', 'base:1'); // it leaves the image it had
  t.is(history(base), 'localhost/base:1');
  t.is(history(child), 'localhost/base:1, localhost/child:1');
  world.ok('untag', child);
  t.is(history(child), 'localhost/child:1, localhost/base:1');
  world.ok('tag', child, 'child:1');
  t.is(history(child), 'localhost/child:1, localhost/base:1', 'once, also what it has again');
  t.regex(world.ok('images', '--history'), /HISTORY\n(?:.*\n)*.*localhost\/child:1, localhost\/base:1/);
  const [view] = JSON.parse(world.ok('image', 'inspect', child)) as { NamesHistory: string[]; RepoTags: string[] }[];
  t.deepEqual([view?.NamesHistory, view?.RepoTags], [['localhost/child:1', 'localhost/base:1'], ['localhost/child:1']]);
  world.ok('tag', base, 'last:1'); // else the parent goes with its child
  world.ok('rm', 'maker');
  world.ok('rmi', child);
  world.ok('untag', base);
  t.false(readFileSync(join(world.root, 'skiff/former-names.json'), 'utf8').includes(child), 'of images that are gone nothing is kept');
  t.deepEqual(auditStore(world), []);
});

test('image tree shows the layers with the images that end there; --whatrequires what stands upon one', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const { base, child } = family(world);
  const tree = world.ok('image', 'tree', 'child:1');
  t.regex(tree, new RegExp(`^Image ID: ${child.slice(0, 12)}\nTags:     \\[localhost/child:1\\]\nSize:     [\\d.]+MB\nImage Layers\n├── ID: \\w{12} Size: [ \\d.]+MB Top Layer of: \\[localhost/base:1\\]\n└── ID: \\w{12} Size: +\\d+B Top Layer of: \\[localhost/child:1\\]$`));
  t.is(world.ok('image', 'tree', '--whatrequires', 'base:1').split('\n').slice(3).join('\n'), tree.split('\n').slice(3).join('\n'));
  world.ok('run', '--name', 'other', '--network', 'none', 'base:1', 'touch', '/other');
  world.ok('commit', '-q', 'other', 'sibling:1');
  const forked = world.ok('image', 'tree', '--whatrequires', base).split('\n');
  t.deepEqual(forked.slice(4).map((line) => line.replace(/ID.*/, '')), ['└── ', '    ├── ', '    └── ']);
  t.is(world.skiff(['image', 'tree', 'none']).code, 125);
});

test('diff tells what containers and images changed, of one against those below or of two', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  family(world);
  const changes = 'C /etc\nD /etc/group\nA /etc/new\nC /etc/passwd\nA /q\nA /q/f';
  t.is(world.ok('diff', 'maker'), changes);
  t.is(world.ok('container', 'diff', '-l'), changes);
  t.is(world.ok('diff', 'child:1'), changes);
  t.is(world.ok('image', 'diff', 'child:1', 'base:1'), changes);
  t.is(world.ok('diff', 'base:1', 'child:1'), 'C /etc\nA /etc/group\nD /etc/new\nC /etc/passwd\nD /q');
  t.is(world.ok('diff', 'child:1', 'child:1'), '');
  const json = JSON.parse(world.ok('diff', '--format', 'json', 'maker')) as Record<string, string[]>;
  t.deepEqual(json['deleted'], ['/etc/group']);
  t.true(json['changed']?.includes('/etc/passwd'));
  t.true(json['added']?.includes('/q/f'));
  world.ok('create', '--name', 'fresh', '--network', 'none', 'base:1', 'true');
  t.is(world.ok('diff', 'fresh'), '');
  for (const args of [['container', 'diff', 'child:1'], ['image', 'diff', 'maker'], ['diff', 'none'], ['diff']]) t.is(world.skiff(args).code, 125, args.join(' '));
  t.is(world.skiff(['diff', '--format', 'yaml', 'maker']).code, 125);
});

test('image mount works inside unshare, shows the image read-only and keeps it; outside it is refused in Podman\'s words', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const { base, child } = family(world);
  world.ok('rm', 'maker');
  for (const verb of ['mount', 'unmount']) {
    const outside = world.skiff(['image', verb, 'child:1']);
    t.is(outside.code, 125);
    t.regex(outside.stderr, new RegExp(`cannot run command "skiff image ${verb}" in rootless mode, must execute .skiff unshare. first`));
  }
  const inside = (script: string): string => world.ok('unshare', 'sh', '-c', script.replaceAll('skiff ', `${skiffBin} `));
  t.is(inside('m=$(skiff image mount child:1); cat $m/q/f; ls $m/etc; touch $m/x 2>/dev/null && echo written; skiff image unmount child:1; ls $m/q 2>/dev/null; true'), `a\nnew\npasswd\n${child}`);
  const listing = inside('skiff image mount --all >/dev/null; skiff image mount; skiff image mount --format json');
  t.regex(listing, /^localhost\/(?:base|child):1 +\/\S+\/image-mounts\/\d+\/[0-9a-f]{64}\nlocalhost/);
  const rows = JSON.parse(listing.slice(listing.indexOf('['))) as { id: string; mountpoint: string; Repositories: string[] }[];
  t.deepEqual(rows.map(({ id }) => id).toSorted(), [base, child].toSorted());
  // While it is mounted, nobody takes it away, from inside or from outside.
  t.regex(inside('skiff image mount child:1 >/dev/null; skiff rmi child:1 2>&1; echo "code $?"; skiff image prune -af; skiff image unmount -a'), new RegExp(`is mounted at .*: image is in use[\\s\\S]*code 2\n${child}$`));
  t.is(inside('skiff image mount child:1 >/dev/null; skiff image unmount base:1 2>&1; echo "code $?"').split('\n').at(-1), 'code 125');
  // A shell that ends without unmounting leaves nothing.
  inside('skiff image mount child:1');
  t.regex(world.ok('rmi', 'child:1'), /Deleted: /);
  t.deepEqual(readdirSync(join(world.runtime, 'skiff', 'image-mounts')), []);
  t.deepEqual(auditStore(world), []);
});

test('load takes several inputs, transports, and addresses; redirects have an end', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'one');
  importBusybox(world, 'two', { files: { two: '2' } });
  const path = (name: string): string => join(world.dir, name);
  world.ok('save', '-q', '-o', path('one.tar'), 'one');
  world.ok('save', '-q', '--format', 'oci-archive', '-o', path('two.tar'), 'two');
  world.ok('save', '-q', '--format', 'oci-dir', '-o', path('folder'), 'two');
  world.ok('rmi', '-a');
  t.is(world.ok('load', '-q', '-i', path('one.tar'), '-i', path('two.tar')), 'Loaded image: localhost/one:latest\nLoaded image: localhost/two:latest');
  t.is(world.ok('load', '-q', '-i', `docker-archive:${path('one.tar')}`, '-i', `oci:${path('folder')}`), 'Loaded image: localhost/one:latest\nLoaded image: localhost/two:latest');
  const named = world.skiff(['load', '-i', 'docker://quay.io/x']);
  t.is(named.code, 125);
  t.regex(named.stderr, /hint: skiff pull docker:\/\/quay.io\/x/);
  let asked = 0;
  const server = createServer((request, response) => {
    asked++;
    if (request.url === '/moved') response.writeHead(302, { location: '/one.tar' }).end();
    else if (request.url === '/loop') response.writeHead(302, { location: '/loop' }).end();
    else if (request.url === '/one.tar') response.end(readFileSync(path('one.tar')));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  t.teardown(() => { server.close(); });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const load = async (from: string): Promise<{ code: number | null; out: string; err: string }> => {
    const running = world.start(['load', '-q', '-i', from]);
    return { code: (await running.exit).code, out: running.stdout(), err: running.stderr() };
  };
  t.deepEqual(await load(`${url}/moved`), { code: 0, out: 'Loaded image: localhost/one:latest\n', err: '' });
  asked = 0;
  const looped = await load(`${url}/loop`);
  t.is(looped.code, 125);
  t.regex(looped.err, /more than 10 redirects/);
  t.true(asked <= 21, String(asked));
  const missing = await load(`${url.replace('//', '//user:secret@')}/none`);
  t.is(missing.err, `Error: load "${url}/none": the server answered 404 Not Found\n`);
  t.deepEqual(auditStore(world), []);
});

test('images --filter digest and manifest', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'one');
  importBusybox(world, 'two', { files: { two: '2' } });
  const digest = world.ok('image', 'inspect', '--format', '{{.Digest}}', 'one');
  t.is(world.ok('images', '--filter', `digest=${digest}`, '--format', '{{.Repository}}'), 'localhost/one');
  t.is(world.ok('images', '--filter', `digest=${digest.slice(7, 15)}`, '--format', '{{.Repository}}'), 'localhost/one');
  world.ok('manifest', 'create', 'list');
  t.is(world.ok('images', '--filter', 'manifest=true', '--format', '{{.Repository}}'), 'localhost/list');
  t.is(world.ok('images', '--filter', 'manifest=false', '-q').split('\n').length, 2);
});

test('image scp says what to do instead', (t) => {
  const world = makeWorld(t);
  const done = world.skiff(['image', 'scp', 'app', 'host::']);
  t.is(done.code, 125);
  t.regex(done.stderr, /hint: skiff save IMAGE \| ssh HOST skiff load/);
});

test('image sign says that signatures are not made yet', (t) => {
  const world = makeWorld(t);
  const done = world.skiff(['image', 'sign', '--sign-by', 'me@example.com', 'app']);
  t.is(done.code, 125);
  t.regex(done.stderr, /signatures are not made yet/);
});

test('search goes through a registry\'s catalogue and lists tags', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const registry = await startRegistry(t);
  const image = madeImage([makeLayer({ a: 'a' })]);
  for (const [name, tag] of [['team/web', '1'], ['team/web', '2'], ['team/db', 'latest']] as const) await pushImage(registry, name, tag, image);
  const world = makeWorld(t);
  const search = (...args: string[]) => world.skiff(['search', '--tls-verify=false', ...args]);
  t.regex(search(`${registry.domain}/web`).stdout, new RegExp(`^NAME +DESCRIPTION\n${registry.domain}/team/web +\n$`));
  t.deepEqual((JSON.parse(search('--format', 'json', `${registry.domain}/`).stdout) as { Name: string; Index: string }[]).map(({ Name }) => Name), [`${registry.domain}/team/db`, `${registry.domain}/team/web`]);
  t.is(search('--limit', '1', '--format', '{{.Name}}', `${registry.domain}/`).stdout, `${registry.domain}/team/db\n`);
  t.is(search('--filter', 'is-official', '--format', '{{.Name}}', `${registry.domain}/`).stdout, '');
  // In the registry's own order.
  t.deepEqual(search('--list-tags', `${registry.domain}/team/web`).stdout.trim().split('\n').map((line) => line.replace(/ +/, ' ')).toSorted(), ['NAME TAG', `${registry.domain}/team/web 1`, `${registry.domain}/team/web 2`].toSorted());
  const [tags] = JSON.parse(search('--list-tags', '--format', 'json', `${registry.domain}/team/web`).stdout) as [{ Name: string; Tags: string[] }];
  t.deepEqual([tags.Name, tags.Tags.toSorted()], [`${registry.domain}/team/web`, ['1', '2']]);
  for (const [args, message] of [
    [['--filter', 'foo=1', `${registry.domain}/x`], /invalid filter type "foo=1"/], [['--filter', 'stars=a', `${registry.domain}/x`], /"a" is no number/],
    [['--list-tags', '--filter', 'stars=1', `${registry.domain}/x`], /filters are not applicable/], [['--limit', '-1', 'x'], /must be at least 0/], [['--list-tags', `${registry.domain}/none`], /name|not known|404/i],
  ] as const) {
    const done = search(...args);
    t.is(done.code, 125, done.stdout);
    t.regex(done.stderr, message);
  }
});

test('diff and tree agree with Podman on an image that both have', (t) => {
  if (!requires(t, 'userns', 'podman')) return;
  const world = makeWorld(t);
  world.ok('import', tarOf(busyboxRootfs(world)), 'base:1');
  world.ok('run', '--name', 'maker', '--network', 'none', 'base:1', 'sh', '-c', 'echo hi >/etc/new; mkdir /q; echo a >/q/f');
  world.ok('commit', '-q', 'maker', 'child:1');
  world.ok('save', '-q', '-o', join(world.dir, 'child.tar'), 'child:1');
  const podman = (...args: string[]) => world.run(['podman', '--storage-driver', 'vfs', ...args]);
  t.teardown(() => {
    podman('unshare', 'rm', '-rf', join(world.home, '.local/share/containers'));
    podman('system', 'migrate'); // ends the process that holds its user namespace
  });
  const loaded = podman('load', '-q', '-i', join(world.dir, 'child.tar'));
  t.is(loaded.code, 0, loaded.stderr);
  const sorted = (text: string): string[] => text.trim().split('\n').toSorted();
  t.deepEqual(sorted(world.ok('diff', 'child:1')), sorted(podman('diff', 'localhost/child:1').stdout));
  const shape = (text: string): string => text.trim().replaceAll(/ID: \w{12}|Size: +[\d.]+\w+/g, 'X').replaceAll('localhost/base:1', '').replaceAll(/ Top Layer of: \[\]/g, '');
  t.is(shape(world.ok('image', 'tree', 'child:1')), shape(podman('image', 'tree', 'localhost/child:1').stdout));
});
