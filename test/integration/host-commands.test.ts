/** doctor, info, version and unshare, as a user meets them; and what other verbs say where the machine refuses. */
import { existsSync, readdirSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { importBusybox } from '../helpers/images.ts';
import { makeLauncher } from '../helpers/launched.ts';
import { requires } from '../helpers/requires.ts';
import { makeWorld, projectRoot, skiffBin, type World } from '../helpers/world.ts';

interface Line { group: string; title: string; status: 'ok' | 'warn' | 'fail'; found: string; hint?: string }

function doctor(world: World, argv: readonly string[] = []): { code: number | null; lines: Line[]; of(group: string, title: string): Line | undefined } {
  const result = world.run([...argv, skiffBin, 'doctor', '--format', 'json']);
  const lines = JSON.parse(result.stdout) as Line[];
  return { code: result.code, lines, of: (group, title) => lines.find((line) => line.group === group && line.title === title) };
}

test('doctor: finds nothing wrong where containers run, and each test was done', (t) => {
  if (!requires(t, 'userns', 'pasta', 'slirp4netns', 'tun', 'fuse')) return;
  const report = doctor(makeWorld(t));
  t.deepEqual(report.lines.filter((line) => line.status === 'fail'), []);
  t.is(report.code, 0);
  const done: readonly (readonly [string, string, RegExp])[] = [
    ['kernel', 'version', /^\d+\.\d+/], ['user namespace', 'allowed', /^made one/], ['user namespace', 'subordinate ids', /^\d+ for users, \d+ for groups/],
    ['runtime', 'starts', /^a container started and ended in \d+ ms$/], ['runtime', 'terminal', /^a container had one of its own$/],
    ['storage', 'overlay', /mount/], ['storage', 'fuse-overlayfs', /^mounts$/],
    ['network', 'tun device', /^\/dev\/net\/tun$/], ['network', 'pasta', /^starts /], ['network', 'slirp4netns', /^starts /],
  ];
  for (const [group, title, found] of done) t.regex(report.of(group, title)?.found ?? '', found, `${group}: ${title}`);
});

test('doctor: every warning and failure names what mends it, or is about what nothing can mend', (t) => {
  for (const line of doctor(makeWorld(t)).lines) {
    if (line.status === 'ok') t.is(line.hint, undefined);
    else if (!/^(?:not tried|does not start|exit code)/.test(line.found)) t.truthy(line.hint, `${line.group}/${line.title}: ${line.found}`);
    t.notRegex(line.found, /undefined|\[object/);
  }
});

test('doctor: leaves nothing behind', (t) => {
  const world = makeWorld(t);
  doctor(world);
  t.deepEqual(readdirSync(world.home), [], 'no store is made by looking');
  t.deepEqual(readdirSync(join(world.runtime, 'skiff')).filter((name) => name.startsWith('doctor-')), []);
});

test('doctor: runs where no user namespace can be made, tells why and how to mend it, and fails', (t) => {
  const report = doctor(makeWorld(t), ['setpriv', '--no-new-privs']);
  t.is(report.code, 1);
  const line = report.of('user namespace', 'allowed');
  t.is(line?.status, 'fail');
  t.regex(line?.found ?? '', /no_new_privs/);
  t.regex(line?.hint ?? '', /NoNewPrivileges=no/);
  t.is(report.of('runtime', 'starts')?.status, 'fail');
});

test('doctor: a runtime that is missing is named', (t) => {
  const result = makeWorld(t).skiff(['--runtime', 'no-such-runtime', 'doctor']);
  t.is(result.code, 1);
  t.regex(result.stdout, /fail {2}version +"no-such-runtime" is not installed\n +hint: name one that is on PATH/);
});


test('a runtime that is missing leaves no container, and one that vanished does not keep its containers', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const refused = world.skiff(['--runtime', 'no-such-runtime', 'run', '--network', 'none', 'base', 'true']);
  t.is(refused.code, 125);
  t.regex(refused.stderr, /OCI runtime "no-such-runtime" was not found\nhint: name one that is on PATH/);
  t.is(world.ok('ps', '-aq'), '');
  const own = join(world.dir, 'own-runtime');
  symlinkSync('/usr/bin/crun', own);
  world.ok('--runtime', own, 'create', '--name', 'c', '--network', 'none', 'base', 'true');
  unlinkSync(own);
  t.is(world.ok('rm', 'c'), 'c');
});

test('doctor: a runtime that can\'t start containers is found out', (t) => {
  const result = makeWorld(t).skiff(['--runtime', '/bin/false', 'doctor']);
  t.is(result.code, 1);
  t.regex(result.stdout, /fail {2}starts +exit code 1/);
});

test('a verb that needs the user namespace prints the refusal and its remedy; the others work', (t) => {
  const world = makeWorld(t);
  const refused = world.run(['setpriv', '--no-new-privs', skiffBin, 'rm', '-a']);
  t.is(refused.code, 125);
  t.is(refused.stdout, '');
  t.regex(refused.stderr, /^Error: newuidmap can't work here: this process may gain no privileges \(no_new_privs\).*\nhint: .*NoNewPrivileges=no\n$/);
  for (const words of [['--version'], ['version'], ['info'], ['--help'], ['run', '--help'], ['ps'], ['images']]) {
    const result = world.run(['setpriv', '--no-new-privs', skiffBin, ...words]);
    t.is(result.code, 0, `${words.join(' ')}: ${result.stderr}`);
  }
});

test('without subordinate ids skiff says so once and goes on', (t) => {
  const world = makeWorld(t);
  const launcher = makeLauncher(world);
  const result = launcher.inside(`
    cd "${world.dir}"; mkdir -m 700 runtime; export XDG_RUNTIME_DIR="$PWD/runtime"; unset SKIFF_MAIN
    : > empty; mount --bind empty /etc/subuid; mount --bind empty /etc/subgid
    ${skiffBin} unshare cat /proc/self/uid_map; echo ---- >&2; ${skiffBin} unshare true`);
  t.is(result.code, 0, result.stderr);
  t.regex(result.stdout, /^ +0 +0 +1\n$/);
  t.regex(result.stderr, /^warning: this user has no subordinate ids: .*usermod --add-subuids 100000-165535 --add-subgids 100000-165535 root\n----\n$/);
});

test('unshare: exit code and streams are the command\'s own', (t) => {
  const world = makeWorld(t);
  const done = world.skiff(['unshare', 'sh', '-c', 'cat; echo err >&2; exit 9'], { input: 'in' });
  t.deepEqual([done.code, done.stdout, done.stderr], [9, 'in', 'err\n']);
  t.is(world.skiff(['unshare', 'sh', '-c', 'kill -TERM $$']).signal, 'SIGTERM');
});

test('unshare: a command that is missing is 127, one that can\'t be executed 126', (t) => {
  const world = makeWorld(t);
  const missing = world.skiff(['unshare', 'no-such-command']);
  t.is(missing.code, 127);
  t.is(missing.stderr, 'Error: execute "no-such-command": not found on $PATH\n');
  t.is(world.skiff(['unshare', '/no/such']).code, 127);
  t.is(world.skiff(['unshare', '/etc/passwd']).code, 126);
  t.is(world.skiff(['unshare', '/etc']).code, 126);
});

test('unshare: options after the command are the command\'s', (t) => {
  t.is(makeWorld(t).ok('unshare', 'echo', '--help', '-x'), '--help -x');
});

test('unshare: tells where the store is, and takes $SHELL without a command', (t) => {
  const world = makeWorld(t);
  t.is(world.ok('unshare', 'sh', '-c', 'echo $CONTAINERS_GRAPHROOT $CONTAINERS_RUNROOT'), `${world.root} ${world.runtime}/skiff`);
  t.is(world.skiff(['unshare'], { env: { SHELL: '/bin/sh' }, input: 'echo "as $(id -u)"\n' }).stdout, 'as 0\n');
});

test('unshare: the environment is the user\'s, without what the launcher said', (t) => {
  const world = makeWorld(t, { env: { NODE_EXTRA_CA_CERTS: '/ca.pem', ODD: 'x\ny' } });
  const shown = world.ok('unshare', 'env');
  t.notRegex(shown, /^SKIFF_(?!HELPERS_DIR)/m);
  t.regex(shown, /^NODE_EXTRA_CA_CERTS=\/ca\.pem$/m);
  t.regex(shown, /^ODD=x\ny$/m);
});

test('unshare: the soft limit of open files is the one that skiff was started with', (t) => {
  const world = makeWorld(t);
  const result = world.run(['sh', '-c', 'ulimit -Sn 1000; "$0" unshare sh -c "ulimit -Sn; ulimit -Hn"; ulimit -Hn', skiffBin]);
  const [soft, hard, mine] = result.stdout.split('\n');
  t.is(soft, '1000', result.stderr);
  t.is(hard, mine);
});

test('unshare: keeps the namespace alive for commands that start meanwhile', async (t) => {
  const world = makeWorld(t);
  const shell = world.start(['unshare', 'sh', '-c', 'readlink /proc/self/ns/user; read x'], { stdin: 'pipe' });
  const [userns = ''] = await shell.waitFor(/user:.*/);
  t.is(world.ok('unshare', 'readlink', '/proc/self/ns/user'), userns);
  shell.child.stdin?.end();
  await shell.exit;
});

test('info: Podman\'s shape, as YAML, JSON and by templates', (t) => {
  const world = makeWorld(t);
  const report = JSON.parse(world.ok('info', '--format', 'json')) as { host: { idMappings: { uidmap: { container_id: number; host_id: number }[] }; security: { rootless: boolean } }; store: { graphRoot: string; containerStore: { number: number } } };
  t.is(report.store.graphRoot, world.root);
  t.is(report.store.containerStore.number, 0);
  t.true(report.host.security.rootless);
  t.deepEqual({ ...report.host.idMappings.uidmap[0] }, { container_id: 0, host_id: process.getuid?.() ?? 0, size: 1 } as never);
  t.is(world.ok('info', '--format', '{{.Store.GraphRoot}} {{.Host.Security.Rootless}} {{.Host.OS}}'), `${world.root} true linux`);
  const yaml = world.ok('info');
  t.regex(yaml, /^host:\n {2}arch: \w+\n/);
  t.regex(yaml, new RegExp(`^ {2}graphRoot: ${world.root}$`, 'm'));
  t.false(existsSync(world.root), 'no store is made by looking');
});

test('version: Podman\'s shape, and the number of package.json', (t) => {
  const world = makeWorld(t);
  const { version } = JSON.parse(world.run(['cat', join(projectRoot(), 'package.json')]).stdout) as { version: string };
  t.is(world.ok('version', '--format', '{{.Client.Version}}'), version);
  t.is((JSON.parse(world.ok('version', '--format', 'json')) as { Client: { Version: string } }).Client.Version, version);
  t.regex(world.ok('version'), new RegExp(`^Version: +${version}$`, 'm'));
});
