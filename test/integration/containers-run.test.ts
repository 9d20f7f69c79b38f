/** What `run` gives to the contained command. */
import { spawn } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test from 'ava';
import { busyboxRootfs, importBusybox } from '../helpers/images.ts';
import { requires } from '../helpers/requires.ts';
import { makeWorld, skiffBin, type World } from '../helpers/world.ts';

const run = (world: World, ...args: string[]): string => world.ok('run', '--rm', '--network', 'none', ...args);

test('run passes standard input on with -i, and only then', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const big = 'x'.repeat(300_000);
  const args = ['run', '--rm', '--network', 'none'];
  t.is(world.skiff([...args, '-i', 'base', 'cat'], { input: big }).stdout, big);
  t.is(world.skiff([...args, 'base', 'cat'], { input: big }).stdout, '');
  t.is(world.skiff([...args, '-i', 'base', 'wc', '-c'], { input: big }).stdout.trim(), '300000');
});

test('run keeps standard output and standard error apart, and every byte', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const done = world.skiff(['run', '--rm', '--network', 'none', 'base', 'sh', '-c', 'echo out; echo err >&2; printf "\\377\\0end"']);
  t.deepEqual(done.stdoutBytes, Buffer.from([...Buffer.from('out\n'), 0xff, 0, ...Buffer.from('end')]));
  t.is(done.stderr, 'err\n');
  const many = world.skiff(['run', '--rm', '--network', 'none', 'base', 'sh', '-c', 'seq 1 100000']);
  t.is(many.stdout.split('\n').length, 100_001);
});

test('run merges environment, entrypoint, user and working directory as the image and the user say', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'img', { changes: ['ENV A=image', 'ENTRYPOINT ["sh","-c"]', 'CMD ["echo default"]', 'USER user', 'WORKDIR /home'] });
  t.is(run(world, 'img'), 'default');
  t.is(run(world, 'img', 'echo mine'), 'mine');
  t.is(run(world, '--entrypoint', 'echo', 'img', 'words'), 'words');
  t.is(run(world, '--entrypoint', '["echo","one"]', 'img', 'two'), 'one two');
  t.is(run(world, '--entrypoint', '', 'img', 'id', '-un'), 'user');
  t.is(run(world, '-e', 'A=user', '-e', 'B=2', 'img', 'echo $A $B $HOME $container; pwd; id -u; id -G'), 'user 2 /home podman\n/home\n1000\n1000 10');
  t.is(run(world, '-u', '0', '-w', '/tmp', 'img', 'id -u; pwd'), '0\n/tmp');
  t.is(run(world, '-u', '4242:10', 'img', 'id -u; id -G; id -un'), '4242\n10\n4242');
  t.is(run(world, '-u', '4242:5678', '--entrypoint', '', 'img', 'id'), 'uid=4242(4242) gid=5678(5678) groups=5678(5678)');
});

test('the mask of the shell is for files of the user’s, not for those of containers', (t) => {
  const world = makeWorld(t);
  const tar = join(world.dir, 'bare.tar');
  // Without an entry for "/": its mode is ours to choose.
  t.is(world.run(['sh', '-c', 'tar --owner=0 --group=0 -C "$1" -cf "$2" bin etc', 'sh', busyboxRootfs(world), tar]).code, 0);
  const masked = (umask: string, ...args: string[]): string => {
    const done = world.run(['sh', '-c', 'umask "$1"; shift; exec "$0" "$@"', skiffBin, umask, ...args]);
    t.is(done.code, 0, done.stderr);
    return done.stdout.trim();
  };
  const modes = (...names: string[]): string[] => names.map((name) => (statSync(join(world.home, name)).mode & 0o7777).toString(8));
  masked('077', 'import', '-q', tar, 'base');
  const show = 'stat -c "%a %n" / /etc/hosts /etc/hostname /data; id -u; umask';
  t.is(masked('077', 'run', '--name', 'c', '--network', 'none', '-u', '1000', '-v', 'vol:/data', 'base', 'sh', '-c', show), '755 /\n644 /etc/hosts\n644 /etc/hostname\n755 /data\n1000\n0022');
  masked('077', 'commit', '-q', '--iidfile', 'iid', 'c', 'next');
  masked('077', 'save', '-q', '-o', 'next.tar', 'next');
  masked('077', 'load', '-q', '-i', 'next.tar');
  masked('002', 'save', '-q', '-o', 'shared.tar', 'next');
  masked('077', 'run', '-d', '--name', 'd', '--cidfile', 'cid', '--pidfile', 'pid', '--network', 'none', '-u', '1000', 'next', 'sleep', '1000');
  masked('077', 'exec', 'd', 'cat', '/etc/hosts');
  t.deepEqual(modes('iid', 'next.tar', 'shared.tar', 'cid', 'pid'), ['600', '600', '664', '600', '600']);
  t.is(masked('027', 'unshare', 'sh', '-c', 'umask'), '0027');
});

test('a container has no signal ignored, whatever skiff was started with', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const ignored = (...args: string[]): string => world.run(['sh', '-c', 'trap "" PIPE CHLD USR1 USR2 RTMIN; exec "$0" "$@"', skiffBin, ...args, 'grep', 'SigIgn', '/proc/self/status']).stdout.trim();
  t.is(ignored('run', '--rm', '--network', 'none', 'base'), 'SigIgn:\t0000000000000000');
  t.is(ignored('run', '--rm', '--init', '--network', 'none', 'base'), 'SigIgn:\t0000000000000000');
  ignored('run', '-d', '--name', 'c', '--network', 'none', 'base');
  world.ok('wait', 'c');
  t.is(world.ok('logs', 'c'), 'SigIgn:\t0000000000000000');
});

test('run --rm whose output nobody reads ends the container and removes it; without --rm it goes on', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const piped = (...options: string[]): string => world.run(['bash', '-c', '"$0" run --network none "$@" base yes | head -n 1; echo ${PIPESTATUS[0]}', skiffBin, ...options]).stdout;
  t.is(piped('--rm', '--name', 'gone'), 'y\n141\n');
  t.is(world.ok('ps', '-a', '--format', '{{.Names}}'), '');
  t.is(piped('--rm', '-i', '--name', 'gone'), 'y\n141\n');
  t.is(world.ok('ps', '-a', '--format', '{{.Names}}'), '');
  t.is(piped('--name', 'stays'), 'y\n141\n');
  t.is(world.ok('ps', '--format', '{{.Names}}'), 'stays');
  world.ok('rm', '-f', '-t', '0', 'stays');
});

test('run --rm on a full disk says so, and ends the container', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const full = world.run(['sh', '-c', 'exec "$0" run --rm --network none base sh -c "echo much; exec sleep 1000" >/dev/full', skiffBin]);
  t.is(full.code, 125);
  t.is(full.stderr, 'Error: write "stdout": No space left on device\n');
  t.is(world.ok('ps', '-a', '--format', '{{.Names}}'), '');
});

test('run takes variables from files and from this environment', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const file = join(world.dir, 'vars');
  writeFileSync(file, '# comment\nFILE=1\nHOSTVAR\n');
  const done = world.skiff(['run', '--rm', '--network', 'none', '--env-file', file, '-e', 'HOST2', '-e', 'UNSET', 'base', 'env'], { env: { HOSTVAR: 'h1', HOST2: 'h2', SECRET: 's' } });
  const lines = done.stdout.split('\n');
  for (const line of ['FILE=1', 'HOSTVAR=h1', 'HOST2=h2']) t.true(lines.includes(line), line);
  t.false(done.stdout.includes('SECRET'));
  t.false(done.stdout.includes('UNSET'));
});

test('run works from a folder that is gone, unless a path of the user needs it', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const from = (args: string): { code: number | null; stdout: string; stderr: string } => {
    mkdirSync(join(world.dir, 'gone'));
    return world.run(['sh', '-c', `rmdir "$PWD"; exec "$0" run --rm --network none ${args}`, skiffBin], { cwd: join(world.dir, 'gone') });
  };
  t.like(from('base pwd'), { code: 0, stdout: '/\n', stderr: '' });
  t.like(from(`-v ${world.dir}:/x base ls /x`), { code: 0, stderr: '' });
  t.like(from('-v .:/x base true'), { code: 125, stderr: 'Error: the current folder no longer exists\nhint: give absolute paths, or change to a folder that exists\n' });
});

test('run --hostuser makes a user of the host known, to --user as well', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const [name = '', , uid = ''] = (readFileSync('/etc/passwd', 'utf8').split('\n').find((line) => line.startsWith('games:')) ?? 'root:x:0').split(':');
  t.is(run(world, '--hostuser', name, '-u', name, 'base', 'id', '-u'), uid);
});

test('run --network host has the host\'s name', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  t.is(world.ok('run', '--rm', '--network', 'host', 'base', 'hostname'), hostname());
});

test('run --log-opt path takes a relative path from where it is called', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  t.is(world.ok('run', '--network', 'none', '--log-opt', 'path=rel.log', 'base', 'echo', 'kept'), 'kept');
  t.true(readFileSync(join(world.home, 'rel.log'), 'utf8').includes('kept'));
  const done = world.skiff(['run', '--rm', '--network', 'none', '--log-opt', 'path=/nosuch/x.log', 'base', 'true']);
  t.is(done.stderr, 'Error: monitor: open the log "/nosuch/x.log": no such file or directory\n');
});

test('start --attach passes standard input on to a container that was made to read it', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('create', '-i', '--network', 'none', '--name', 'c', 'base', 'sh', '-c', 'read x; echo got=$x');
  t.is(world.skiff(['start', '-a', 'c'], { input: 'hey\n' }).stdout, 'got=hey\n');
});

test('commit -f docker gives the image Docker\'s manifest', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('run', '--network', 'none', '--name', 'c', 'base', 'touch', '/new');
  for (const [format, type] of [['docker', 'application/vnd.docker.distribution.manifest.v2+json'], ['oci', 'application/vnd.oci.image.manifest.v1+json']] as const) {
    world.ok('commit', '-f', format, 'c', `made-${format}`);
    t.is(world.ok('image', 'inspect', '--format', '{{.ManifestType}}', `made-${format}`), type);
    t.is(run(world, `made-${format}`, 'ls', '/new'), '/new');
  }
  world.ok('push', 'made-docker', `dir:${join(world.dir, 'pushed')}`);
  t.regex(readFileSync(join(world.dir, 'pushed', 'manifest.json'), 'utf8'), /distribution\.manifest\.v2\+json/);
});

test('run makes its --runroot, and says where it can not', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const other = join(world.runtime, 'made', 'here');
  t.like(world.skiff(['--runroot', other, 'run', '--rm', '--network', 'none', 'base', 'true']), { code: 0, stderr: '' });
  const done = world.skiff(['--runroot', '/proc/nosuch', 'run', '--rm', '--network', 'none', 'base', 'true']);
  t.is(done.code, 125);
  t.regex(done.stderr, /^Error: --runroot "\/proc\/nosuch": it does not exist and can't be made: [^\n]*\n$/);
});

test('a missing working directory is made where the image wants it, and an error where the user does; so is a file in the way', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('create', '--name', 'c', '--network', 'none', 'base', 'true');
  world.ok('commit', '-q', '--change', 'WORKDIR /new/deep/dir', 'c', 'wants');
  t.is(run(world, 'wants', 'pwd'), '/new/deep/dir');
  t.is(run(world, '-w', '/new/deep/dir', 'wants', 'pwd'), '/new/deep/dir');
  t.is(run(world, '-w', '/etc', 'wants', 'pwd'), '/etc');
  const slip = world.skiff(['run', '--name', 'slip', '--network', 'none', '-w', '/ect', 'base', 'pwd']);
  t.is(slip.code, 126);
  t.regex(slip.stderr, /^Error: workdir "\/ect" does not exist on container [0-9a-f]{64}$/m);
  t.is(world.ok('ps', '-a', '--filter', 'name=slip', '--format', '{{.State}}'), 'created');
  const file = world.skiff(['run', '--rm', '--network', 'none', '-w', '/etc/passwd', 'base', 'pwd']);
  t.is(file.code, 126);
  t.regex(file.stderr, /^Error: workdir "\/etc\/passwd" exists on container [0-9a-f]{64}, but is not a directory$/m);
  const inTheWay = world.skiff(['run', '--rm', '--network', 'none', '-w', '/etc/passwd/x', 'base', 'pwd']);
  t.not(inTheWay.code, 0);
  t.regex(inTheWay.stderr, /workdir "\/etc\/passwd\/x"/);
});

test('run binds host paths, read-only where asked, with the owner kept', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const shared = join(world.dir, 'shared');
  mkdirSync(shared);
  writeFileSync(join(shared, 'in'), 'from the host');
  t.is(run(world, '-v', `${shared}:/mnt`, 'base', 'sh', '-c', 'cat /mnt/in; echo made > /mnt/out'), 'from the host');
  t.is(readFileSync(join(shared, 'out'), 'utf8'), 'made\n');
  t.is(statSync(join(shared, 'out')).uid, statSync(shared).uid);
  const denied = world.skiff(['run', '--rm', '--network', 'none', '-v', `${shared}:/mnt:ro`, 'base', 'touch', '/mnt/no']);
  t.regex(denied.stderr, /Read-only/);
  t.is(run(world, '--mount', `type=bind,src=${shared}/in,dst=/file`, 'base', 'cat', '/file'), 'from the host');
  t.is(run(world, '--mount', 'type=tmpfs,dst=/t,tmpfs-size=1m', 'base', 'sh', '-c', 'df -k /t | tail -1 | tr -s " " | cut -d" " -f2'), '1024');
});

test('run fills an empty volume from the image once, owners and modes included', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base', { files: { 'data/file': 'of the image', 'data/link': '->file', 'data/sub/inner': 'x' } });
  t.is(run(world, '-v', 'vol:/data', 'base', 'sh', '-c', 'cat /data/file; readlink /data/link; echo mine > /data/file; chown 1000 /data/sub'), 'of the imagefile');
  t.is(run(world, '-v', 'vol:/data', 'base', 'sh', '-c', 'cat /data/file; stat -c %u /data/sub'), 'mine\n1000');
  t.is(run(world, '-v', 'vol:/elsewhere', 'base', 'cat', '/elsewhere/sub/inner'), 'x');
  t.is(run(world, '-v', 'fresh:/data:nocopy', 'base', 'ls', '/data'), '');
});

test('run gives each VOLUME of an image an anonymous volume, which --rm takes away', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base', { changes: ['VOLUME /data'], files: { 'data/seed': 'seed' } });
  t.is(run(world, 'base', 'cat', '/data/seed'), 'seed');
  t.deepEqual(readdirSync(join(world.root, 'volumes')), []);
  world.ok('run', '--name', 'kept', '--network', 'none', 'base', 'sh', '-c', 'echo kept > /data/more');
  t.is(readdirSync(join(world.root, 'volumes')).length, 1);
  t.is(world.ok('run', '--rm', '--network', 'none', '--volumes-from', 'kept', 'base', 'cat', '/data/more'), 'kept');
  world.ok('rm', '-v', 'kept');
  t.deepEqual(readdirSync(join(world.root, 'volumes')), []);
});

test('a volume is never filled through a link of the image', (t) => {
  const world = makeWorld(t);
  const secret = join(world.home, 'secret');
  mkdirSync(secret);
  writeFileSync(join(secret, 'key'), 'private');
  importBusybox(world, 'base', { files: { data: `->${secret}` } });
  const done = world.skiff(['run', '--rm', '--network', 'none', '-v', 'vol:/data', 'base', 'ls', '/data']);
  t.false(done.stdout.includes('key'));
  const volume = join(world.root, 'volumes', 'vol', '_data');
  if (existsSync(volume)) t.deepEqual(readdirSync(volume), []);
  t.deepEqual(readdirSync(secret), ['key']);
});

test('run writes the id and the pid where asked, and refuses an id file that is there', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const cidfile = join(world.dir, 'cid');
  const pidfile = join(world.dir, 'pid');
  const id = world.ok('run', '-d', '--cidfile', cidfile, '--pidfile', pidfile, '--conmon-pidfile', `${pidfile}-monitor`, '--network', 'none', 'base', 'sleep', '100000');
  t.is(readFileSync(cidfile, 'utf8'), id);
  t.is(readFileSync(pidfile, 'utf8'), world.ok('inspect', '--format', '{{.State.Pid}}', id));
  const monitor = readFileSync(`${pidfile}-monitor`, 'utf8');
  t.regex(readFileSync(`/proc/${monitor}/cmdline`, 'utf8'), new RegExp(`^skiff-monitor\\0.*${id}`));
  t.is(world.ok('inspect', '--format', '{{.ConmonPidFile}}', id), `${pidfile}-monitor`);
  t.regex(world.skiff(['run', '--cidfile', cidfile, '--network', 'none', 'base', 'true']).stderr, /container id file exists/);
  world.ok('rm', '-f', '-t', '0', '--cidfile', cidfile);
  // As with Podman 5 it goes with the container, so that a unit can start again; not one that is another's by now.
  t.false(existsSync(cidfile));
  world.ok('run', '--rm', '--cidfile', cidfile, '--network', 'none', 'base', 'true');
  t.false(existsSync(cidfile));
  world.ok('run', '--rm', '--cidfile', cidfile, '-v', `${world.dir}:/d`, '--network', 'none', 'base', 'sh', '-c', 'echo other >/d/cid');
  t.is(readFileSync(cidfile, 'utf8'), 'other\n');
  unlinkSync(cidfile);
  world.ok('create', '--name', 'named', '--cidfile', cidfile, '--network', 'none', 'base', 'true');
  t.is(world.ok('inspect', '--format', '{{.HostConfig.ContainerIDFile}}', 'named'), cidfile);
  world.ok('rm', 'named');
  t.false(existsSync(cidfile));
  // What lies there by now is nobody's business: a pipe that nobody writes to, a link.
  for (const other of [['mkfifo', cidfile], ['ln', '-s', pidfile, cidfile]]) {
    world.ok('create', '--name', 'named', '--cidfile', cidfile, '--network', 'none', 'base', 'true');
    unlinkSync(cidfile);
    t.is(world.run(other).code, 0);
    world.ok('rm', 'named');
    t.truthy(lstatSync(cidfile, { throwIfNoEntry: false }));
    unlinkSync(cidfile);
  }
  t.true(existsSync(pidfile), "the user's file stays, as Podman's");
});

/** Receives one datagram on a socket, by a path or (with "@" in front) a name of the abstract namespace, and prints it. */
const receiver = `
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
int main(int argc, char **argv)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  char text[4096];
  if (argc != 2)
    return 2;
  strncpy(address.sun_path, argv[1], sizeof address.sun_path - 1);
  if (address.sun_path[0] == '@')
    address.sun_path[0] = 0;
  int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  if (bind(fd, (struct sockaddr *)&address, offsetof(struct sockaddr_un, sun_path) + strlen(argv[1])) != 0)
    return 1;
  puts("listening");
  fflush(stdout);
  ssize_t length = recv(fd, text, sizeof text, 0);
  printf("<%.*s>\\n", (int)length, text);
  return 0;
}`;

test('--sdnotify=conmon tells the service manager of each start, with the monitor as the main process', async (t) => {
  if (!requires(t, 'userns', 'gcc')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const program = join(world.dir, 'receive');
  t.is(world.run(['gcc', '-x', 'c', '-o', program, '-'], { input: receiver }).code, 0);
  const deep = join(world.dir, 'd'.repeat(60), 'e'.repeat(60)); // more than sun_path holds
  mkdirSync(deep, { recursive: true });
  const receive = async (socket: string, cwd: string, NOTIFY_SOCKET: string, args: readonly string[]): Promise<string> => {
    const listener = spawn(program, [socket], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
    t.teardown(() => { listener.kill(); });
    const lines = createInterface({ input: listener.stdout })[Symbol.asyncIterator]();
    t.is((await lines.next()).value, 'listening');
    const done = world.skiff(args, { env: { NOTIFY_SOCKET } });
    t.is(done.code, 0, done.stderr);
    return [(await lines.next()).value, (await lines.next()).value].join('\n');
  };
  const pidfile = join(world.dir, 'monitor');
  const told = (): string => `<MAINPID=${readFileSync(pidfile, 'utf8')}\nREADY=1>`;
  const wishes = ['--sdnotify=conmon', '--conmon-pidfile', pidfile, '--network', 'none', 'base'];
  const abstract = `@skiff-test-${process.pid}`;
  t.is(await receive(abstract, world.dir, abstract, ['run', '-d', '--name', 'one', ...wishes, 'sleep', '100000']), told());
  world.ok('stop', '-t', '0', 'one');
  t.is(await receive('s', deep, join(deep, 's'), ['start', 'one']), told());
  t.is(world.ok('inspect', '--format', '{{.Config.sdNotifyMode}}', 'one'), 'conmon');
  t.is(world.skiff(['run', '--rm', ...wishes, 'true']).code, 0, 'without a service manager');
  const unheard = world.skiff(['run', '--rm', ...wishes, 'true'], { env: { NOTIFY_SOCKET: join(world.dir, 'nobody') } });
  t.is(unheard.code, 0);
  t.regex(unheard.stderr, /tell the service manager at ".*nobody"/);
  t.is(world.ok('run', '--rm', '--network', 'none', 'base', 'env').includes('NOTIFY_SOCKET'), false);
});

test('a pid file is never more than written to: not removed with the container, no folder, and right from anywhere', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const docs = join(world.dir, 'docs');
  mkdirSync(docs);
  writeFileSync(join(docs, 'file'), 'mine');
  for (const verb of ['create', 'run']) {
    const refused = world.skiff([verb, '--rm', '--pidfile', docs, '--network', 'none', 'base', 'true']);
    t.is(refused.code, 125);
    t.regex(refused.stderr, /--pidfile .*: is a directory/);
    t.regex(world.skiff([verb, '--rm', '--conmon-pidfile', docs, '--network', 'none', 'base', 'true']).stderr, /--conmon-pidfile .*: is a directory/);
  }
  writeFileSync(join(docs, 'pid'), 'mine');
  world.ok('create', '--name', 'never', '--pidfile', join(docs, 'pid'), '--network', 'none', 'base', 'true');
  world.ok('rm', 'never');
  t.deepEqual(readdirSync(docs).map((name) => [name, readFileSync(join(docs, name), 'utf8')]), [['file', 'mine'], ['pid', 'mine']]);
  const made = world.skiff(['create', '--name', 'later', '--pidfile', 'relative', '--network', 'none', 'base', 'true'], { cwd: docs });
  t.is(made.code, 0, made.stderr);
  world.ok('start', 'later'); // from another folder
  t.regex(readFileSync(join(docs, 'relative'), 'utf8'), /^\d+$/);
  t.is(world.skiff(['run', '--rm', '--env-file', '/missing', '--network', 'none', 'base', 'true']).code, 125);
});

test('run --read-only leaves scratch places writable, --read-only-tmpfs=false does not', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  t.is(run(world, '--read-only', 'base', 'sh', '-c', 'touch /x 2>/dev/null || echo root; touch /tmp/x && echo tmp'), 'root\ntmp');
  t.is(run(world, '--read-only', '--read-only-tmpfs=false', 'base', 'sh', '-c', 'touch /tmp/x 2>/dev/null || echo refused'), 'refused');
});

test('run --init has a first process that reaps, and passes the exit code on', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const done = world.skiff(['run', '--rm', '--init', '--network', 'none', 'base', 'sh', '-c', '[ $$ = 1 ] || echo not first; exit 7']);
  t.is(done.stdout, 'not first\n');
  t.is(done.code, 7);
});

test('run shares namespaces of a running container', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('run', '-d', '--name', 'first', '--hostname', 'one', '--network', 'none', 'base', 'sleep', '100000');
  // A container runs a moment before its program does.
  t.is(run(world, '--pid', 'container:first', 'base', 'sh', '-c', 'until ps | grep -q "[s]leep 100000$"; do usleep 10000; done; echo seen'), 'seen');
  t.is(world.ok('run', '--rm', '--network', 'container:first', '--uts', 'container:first', 'base', 'hostname'), 'one');
  world.ok('stop', '-t', '0', 'first');
  const late = world.skiff(['run', '--rm', '--network', 'container:first', 'base', 'true']);
  t.is(late.code, 125);
  t.regex(late.stderr, /"first" does not run/);
});

test('run --replace takes the place of a container of that name, --name alone does not', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const first = world.ok('run', '-d', '--name', 'web', '--network', 'none', 'base', 'sleep', '100000');
  const refused = world.skiff(['run', '-d', '--name', 'web', '--network', 'none', 'base', 'sleep', '100000']);
  t.is(refused.code, 125);
  t.regex(refused.stderr, new RegExp(`"web" is already in use by ${first}`));
  const second = world.ok('run', '-d', '--replace', '--name', 'web', '--network', 'none', 'base', 'sleep', '100000');
  t.deepEqual(world.ok('ps', '-a', '--no-trunc', '--format', '{{.ID}} {{.Names}}').split('\n'), [`${second} web`]);
});

test('run refuses a resource limit that this host can’t keep, and what is not supported yet', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const restart = world.skiff(['run', '--restart', 'always', '--network', 'none', 'base', 'true']);
  t.is(restart.code, 125);
  t.regex(restart.stderr, /--restart always/);
  t.is(world.ok('ps', '-aq'), '');
});

test('--ipc container:NAME shares /dev/shm with the other container, at its size, with keep-id too', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('run', '-d', '--name', 'one', '--network', 'none', '--shm-size', '3m', 'base', 'sh', '-c', 'echo first > /dev/shm/x; chmod 666 /dev/shm/x; exec sleep 100000');
  world.ok('exec', 'one', 'sh', '-c', 'until [ "$(stat -c %a /dev/shm/x 2>/dev/null)" = 666 ]; do usleep 10000; done');
  const share = ['--network', 'none', '--ipc', 'container:one'];
  for (const extra of [[], ['--userns', 'keep-id']]) {
    const shown = run(world, ...share.slice(2), ...extra, 'base', 'sh', '-c', 'cat /dev/shm/x; echo more >> /dev/shm/x; grep " /dev/shm " /proc/mounts');
    t.regex(shown, /^first\n(?:more\n)*(?:shm|tmpfs) \/dev\/shm tmpfs rw,nosuid,nodev,noexec\S*size=3072k/);
  }
  t.is(world.ok('exec', 'one', 'cat', '/dev/shm/x'), 'first\nmore\nmore');
  world.ok('run', '-d', '--name', 'two', ...share, 'base', 'sleep', '100000');
  world.ok('rm', '-f', '-t', '0', 'one');
  t.is(world.ok('exec', 'two', 'cat', '/dev/shm/x'), 'first\nmore\nmore');
  world.ok('run', '-d', '--name', 'own', '--ipc', 'private', '--network', 'none', 'base', 'sleep', '100000');
  const refused = world.skiff(['run', '--rm', '--network', 'none', '--ipc', 'container:own', 'base', 'true']);
  t.is(refused.code, 125);
  t.regex(refused.stderr, /non-shareable IPC of container "own"/);
});
