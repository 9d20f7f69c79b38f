/**
 * Generated configurations against the real OCI runtime, looked at from inside: what the kernel says, not what was asked for.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { defaultProfile } from '../../src/container/spec/seccomp-default.ts';
import { importBusybox } from '../helpers/images.ts';
import { requires } from '../helpers/requires.ts';
import { makeWorld } from '../helpers/world.ts';

const offline = ['run', '--rm', '--network', 'none'];

test('the default container: capabilities, seccomp, namespaces and mounts', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const status = world.ok(...offline, 'base', 'cat', '/proc/self/status');
  t.regex(status, /CapInh:\t0{16}\n/);
  t.regex(status, /CapAmb:\t0{16}\n/);
  for (const set of ['CapPrm', 'CapEff', 'CapBnd']) t.regex(status, new RegExp(`${set}:\\t00000000800405fb\\n`));
  t.regex(status, /Seccomp:\t2\n/);
  t.regex(status, /NoNewPrivs:\t0\n/);
  const mounts = world.ok(...offline, 'base', 'cat', '/proc/mounts');
  for (const line of [/^proc \/proc proc .*nosuid,nodev,noexec/m, /^tmpfs \/dev tmpfs .*nosuid,noexec/m, /^sysfs \/sys sysfs ro,nosuid,nodev,noexec/m, /^devpts \/dev\/pts devpts /m,
    /^mqueue \/dev\/mqueue mqueue /m, /^shm \/dev\/shm tmpfs rw,nosuid,nodev,noexec/m, /^proc \/proc\/sys proc ro/m]) t.regex(mounts, line);
  const hidden = world.ok(...offline, 'base', 'sh', '-c', 'cat /proc/keys /proc/timer_list | wc -c; ls /sys/firmware | wc -l; echo x 2>/dev/null >/proc/sys/kernel/hostname || echo protected');
  t.is(hidden, '0\n0\nprotected');
  for (const ns of ['pid', 'ipc', 'uts', 'mnt', 'net', 'cgroup']) {
    const inside = world.ok(...offline, 'base', 'readlink', `/proc/self/ns/${ns}`);
    t.not(inside, world.run(['readlink', `/proc/self/ns/${ns}`]).stdout.trim(), ns);
  }
});

test('another user holds no capability and gets its groups', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const status = world.ok(...offline, '-u', 'user', 'base', 'cat', '/proc/self/status');
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) t.regex(status, new RegExp(`${set}:\\t0{16}\\n`));
  t.regex(status, /CapBnd:\t00000000800405fb\n/);
  t.regex(status, /Groups:\t10 1000 \n/);
  t.is(world.ok(...offline, '-u', 'user', 'base', 'sh', '-c', 'echo $HOME'), '/home');
  t.is(world.ok(...offline, '-u', '1234:5', 'base', 'id'), 'uid=1234(1234) gid=5(5) groups=5(5)');
  t.is(world.ok(...offline, '-u', 'user', '--group-add', 'wheel', '--group-add', '77', 'base', 'id', '-G'), '1000 10 77');
});

test('--cap-add, --cap-drop, --privileged and no-new-privileges reach the process', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const field = (name: string, ...options: string[]): string => new RegExp(`^${name}:\\t(.*)$`, 'm').exec(world.ok(...offline, ...options, 'base', 'cat', '/proc/self/status'))?.[1] ?? '';
  t.is(field('CapEff', '--cap-drop', 'all'), '0000000000000000');
  t.is(field('CapEff', '--cap-drop', 'all', '--cap-add', 'net_raw'), '0000000000002000');
  t.is(field('CapInh', '--cap-add', 'net_raw', '-u', 'user'), '0000000000000000');
  t.is(field('NoNewPrivs', '--security-opt', 'no-new-privileges'), '1');
  t.is(field('Seccomp', '--security-opt', 'seccomp=unconfined'), '0');
  t.is(field('Seccomp', '--privileged'), '0');
  t.is(field('CapInh', '--privileged'), '0000000000000000');
  t.regex(field('CapEff', '--privileged'), /^000001ffffffffff$/);
});

test('a seccomp profile of the user\'s own decides', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const profile = join(world.dir, 'profile.json');
  writeFileSync(profile, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 122 }] }));
  t.is(world.skiff([...offline, '--security-opt', `seccomp=${profile}`, 'base', 'mkdir', '/x']).code, 1);
  const missing = world.skiff([...offline, '--security-opt', 'seccomp=/nowhere.json', 'base', 'true']);
  t.is(missing.code, 125);
  t.regex(missing.stderr, /seccomp profile "\/nowhere\.json"/);
  writeFileSync(profile, '{"defaultAction":');
  t.is(world.skiff([...offline, '--security-opt', `seccomp=${profile}`, 'base', 'true']).code, 125);
});

test('the profile of our own, for hosts without containers-common, runs programs', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const profile = join(world.dir, 'own.json');
  writeFileSync(profile, JSON.stringify(defaultProfile()));
  const own = [...offline, '--security-opt', `seccomp=${profile}`];
  t.regex(world.ok(...own, 'base', 'sh', '-c', 'ls / | wc -l; su user -c id; tar cf - /etc | wc -c; grep Seccomp: /proc/self/status'), /Seccomp:\t2$/);
  t.is(world.skiff([...own, '--privileged', 'base', 'true']).code, 0);
});

test('--read-only leaves the usual scratch places and nothing else', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const script = 'for d in / /etc /home /tmp /run /var/tmp /dev/shm; do touch $d/x 2>/dev/null && echo $d; done; true';
  t.is(world.ok(...offline, '--read-only', 'base', 'sh', '-c', script), '/tmp\n/run\n/var/tmp\n/dev/shm');
  t.is(world.ok(...offline, '--read-only', '--read-only-tmpfs=false', 'base', 'sh', '-c', script), '/dev/shm');
  t.is(world.ok(...offline, '--read-only', '-v', `${world.home}:/home`, 'base', 'sh', '-c', script).split('\n')[0], '/home');
});

test('namespaces of the host are the host\'s, and mounts follow', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const own = (ns: string): string => world.run(['readlink', `/proc/self/ns/${ns}`]).stdout.trim();
  for (const [option, ns] of [['--pid', 'pid'], ['--ipc', 'ipc'], ['--uts', 'uts'], ['--network', 'net']] as const) {
    const options = option === '--network' ? ['run', '--rm'] : offline;
    t.is(world.ok(...options, option, 'host', 'base', 'readlink', `/proc/self/ns/${ns}`), own(ns), option);
  }
  t.regex(world.ok('run', '--rm', '--network', 'host', 'base', 'cat', '/proc/mounts'), /^cgroup2? \/sys\/fs\/cgroup cgroup2 ro/m);
  t.is(world.skiff(['run', '--rm', '--network', 'host', 'base', 'sh', '-c', 'mkdir /sys/fs/cgroup/x']).code, 1);
  t.is(world.ok('run', '--rm', '--privileged', '--network', 'host', '--pid', 'host', '--ipc', 'host', '--uts', 'host', 'base', 'echo', 'up'), 'up');
});

test('namespaces of another container are joined', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('run', '-d', '--name', 'first', '--network', 'none', '--hostname', 'shared', 'base', 'sleep', '1000');
  for (const [option, ns] of [['--pid', 'pid'], ['--ipc', 'ipc'], ['--uts', 'uts'], ['--network', 'net']] as const) {
    const options = option === '--network' ? ['run', '--rm'] : offline;
    t.is(world.ok(...options, option, 'container:first', 'base', 'readlink', `/proc/self/ns/${ns}`), world.ok('exec', 'first', 'readlink', `/proc/self/ns/${ns}`), option);
  }
  t.is(world.ok(...offline, '--uts', 'container:first', 'base', 'hostname'), 'shared');
});

test('volumes, binds and tmpfs come with the options that were asked for', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const dir = join(world.home, 'data');
  mkdirSync(dir);
  writeFileSync(join(dir, 'file'), 'x');
  const mounts = world.ok(...offline, '-v', `${dir}:/data/inner:ro`, '--tmpfs', '/data:size=1m,mode=700', '--mount', `type=bind,src=${dir},dst=/other`, 'base', 'sh', '-c', 'cat /proc/mounts; cat /data/inner/file');
  t.regex(mounts, / \/data tmpfs rw,nosuid,nodev,relatime,size=1024k,mode=700/);
  t.regex(mounts, / \/data\/inner \S+ ro,/);
  t.true(mounts.endsWith('x'));
  for (const place of ['/proc', '/proc/sys/kernel', '/dev', '/dev/pts']) {
    const refused = world.skiff([...offline, '-v', `${dir}:${place}`, 'base', 'true']);
    t.is(refused.code, 125, place);
    t.true(refused.stderr.includes(`"${place}"`), refused.stderr);
  }
  t.is(world.skiff([...offline, '-v', `${dir}:/x:idmap`, 'base', 'true']).code, 125);
});

test('sysctls, ulimits, the size of /dev/shm and devices reach the container', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  t.is(world.ok(...offline, '--sysctl', 'net.ipv4.ip_forward=1', '--sysctl', 'kernel.msgmax=9000', 'base', 'cat', '/proc/sys/net/ipv4/ip_forward', '/proc/sys/kernel/msgmax', '/proc/sys/net/ipv4/ping_group_range'), '1\n9000\n0\t0');
  t.is(world.skiff([...offline, '--sysctl', 'kernel.core_pattern=x', 'base', 'true']).code, 125);
  t.is(world.ok(...offline, '--ulimit', 'nofile=64:128', '--ulimit', 'core=0', 'base', 'sh', '-c', 'ulimit -n; ulimit -Hn; ulimit -c'), '64\n128\n0');
  t.regex(world.ok(...offline, '--shm-size', '3m', 'base', 'grep', '/dev/shm', '/proc/mounts'), /size=3072k/);
  if (existsSync('/dev/fuse')) t.regex(world.ok(...offline, '--device', '/dev/fuse', 'base', 'ls', '-l', '/dev/fuse'), /^c.* 10, 229 /);
  t.is(world.skiff([...offline, '--device', '/dev/fuse', 'base', 'mknod', '/x', 'b', '7', '0']).code, 1);
});

test('a working directory is made inside the root filesystem, for its user', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  // Only the image's own is made: one that the user asks for has to be there.
  const wanting = (name: string, workdir: string): string => {
    importBusybox(world, name, { files: { '/link': '->/home/deep', '/out': `->${world.home}`, '/fd': '->/proc/self/fd/7' }, changes: [`WORKDIR ${workdir}`] });
    return name;
  };
  t.is(world.ok(...offline, '-u', 'user', wanting('base', '/new/dir'), 'sh', '-c', 'pwd; touch x; stat -c %u . ..'), '/new/dir\n1000\n1000');
  const before = readFileSync('/proc/mounts', 'utf8').length;
  t.true(before > 0);
  for (const args of [[wanting('outside', '/out/made')], ['-w', '/out/made', 'base']]) {
    t.not(world.skiff([...offline, ...args, 'true']).code, 0);
    t.false(existsSync(join(world.home, 'made')));
  }
  t.not(world.skiff([...offline, wanting('leak', '/fd/x'), 'ls']).code, 0);
  t.not(world.skiff([...offline, '-w', '/fd', 'base', 'ls']).code, 0);
  t.not(world.skiff([...offline, '-w', '/bin/busybox', 'base', 'ls']).code, 0);
});

test('--init reaps and passes the exit code on', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const run = world.skiff([...offline, '--init', 'base', 'sh', '-c', 'tr "\\0" " " < /proc/1/cmdline; exit 7']);
  t.is(run.code, 7);
  t.regex(run.stdout, /^\/run\/podman-init -- sh -c /);
});

test('--userns=keep-id shows the user with his own number and the image\'s files with theirs', (t) => {
  if (!requires(t, 'userns', 'fuse')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  writeFileSync(join(world.home, 'mine'), '');
  const uid = process.getuid?.() ?? 0;
  const out = world.ok(...offline, '--userns', 'keep-id', '-v', `${world.home}:/home`, 'base', 'sh', '-c', 'id -u; stat -c %u /home/mine /bin/busybox; touch /home/made; whoami; grep CapInh /proc/self/status');
  t.deepEqual(out.split('\n').slice(0, 3), [String(uid), String(uid), '0']);
  t.regex(out, /CapInh:\t0{16}$/);
  t.is(world.run(['stat', '-c', '%u', join(world.home, 'made')]).stdout.trim(), String(uid));
  t.is(world.ok(...offline, '--userns', 'keep-id', '-u', '0', 'base', 'sh', '-c', 'id -u; touch /etc/new; stat -c %u /etc/new'), '0\n0');
});
