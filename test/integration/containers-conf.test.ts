/** What containers.conf gives to containers, and the command line's word against it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { importBusybox } from '../helpers/images.ts';
import { makeWorld } from '../helpers/world.ts';

test('containers.conf: limits, sysctls, environment, mounts, devices, zone, umask and shm size reach a container; flags win', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base', { changes: ['ENV A=image'] });
  for (const name of ['one', 'two']) {
    mkdirSync(join(world.dir, name));
    writeFileSync(join(world.dir, name, 'file'), name);
  }
  const conf = join(world.dir, 'containers.conf');
  writeFileSync(conf, `[containers]
default_ulimits = ["nofile=500:600", "core=0:0"]
default_sysctls = ["net.ipv4.ip_unprivileged_port_start=7"]
volumes = ["${world.dir}/one:/mnt"]
devices = ["/dev/zero:/dev/mine:rwm"]
env = ["A=conf", "B=conf"]
annotations = ["k=v"]
tz = "Asia/Tokyo"
umask = "0027"
shm_size = "1m"
init = true
`);
  const show = 'ulimit -Sn; ulimit -Hn; cat /proc/sys/net/ipv4/ip_unprivileged_port_start /mnt/file; echo; ls /dev/mine; echo $A $B; tail -c 7 /etc/localtime; umask; grep -o size=.*k /proc/mounts | grep 1024k; grep -c podman-init /proc/1/cmdline';
  const run = (...args: string[]): string[] => {
    const done = world.skiff(['run', '--rm', '--network', 'none', ...args, 'base', 'sh', '-c', show], { env: { CONTAINERS_CONF: conf } });
    t.is(done.stderr, '');
    return done.stdout.trim().split('\n').filter((line) => line !== '');
  };
  t.deepEqual(run(), ['500', '600', '7', 'one', '/dev/mine', 'image conf', 'JST-9', '0027', 'size=1024k', '1']);
  const flags = ['--ulimit', 'nofile=70:80', '-v', `${world.dir}/two:/mnt`, '-e', 'A=user', '--tz', 'local', '--umask', '0011', '--shm-size', '1m', '--init=false', '--device', '/dev/null:/dev/mine'];
  const shown = run(...flags);
  t.deepEqual(shown.slice(0, 6), ['70', '80', '7', 'two', '/dev/mine', 'user conf']);
  t.true(shown.includes('0011'), shown.join('|'));
});

test('containers.conf: a default above what the user may have is given as far as it goes; a parameter that can not be set is left out', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const conf = join(world.dir, 'containers.conf');
  writeFileSync(conf, '[containers]\ndefault_ulimits = ["nofile=1000:999999999"]\ndefault_sysctls = ["kernel.msgmax=9000"]\n');
  const done = world.skiff(['run', '--rm', '--network', 'none', '--ipc', 'host', 'base', 'sh', '-c', 'ulimit -Sn; ulimit -Hn'], { env: { CONTAINERS_CONF: conf } });
  t.is(done.stdout, `1000\n${world.run(['sh', '-c', 'ulimit -Hn']).stdout}`, done.stderr);
});

test('--tz: a zone of the host, "local", and nothing outside of the zones', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const run = (zone: string) => world.skiff(['run', '--rm', '--network', 'none', '--tz', zone, 'base', 'tail', '-c', '7', '/etc/localtime']);
  t.is(run('Asia/Tokyo').stdout, '\nJST-9\n');
  t.is(run('local').stdout, world.run(['tail', '-c', '7', '/etc/localtime']).stdout);
  for (const zone of ['../../../etc/passwd', 'No/Where', 'Asia', '/etc/passwd']) {
    const refused = run(zone);
    t.is(refused.code, 125, zone);
    t.regex(refused.stderr, /--tz/, zone);
  }
  t.is(world.ok('ps', '-aq'), '');
});

test('--passwd-entry, --passwd=false, --hostuser: lines of /etc/passwd', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const last = (...args: string[]): string => world.ok('run', '--rm', '--network', 'none', ...args, 'base', 'tail', '-n', '1', '/etc/passwd');
  const own = last();
  t.is(last('--user', '1234'), '1234:*:1234:0:container user:/:/bin/sh');
  t.is(last('--user', '1234', '--passwd-entry', 'me:x:$UID:$GID:$NAME:/tmp:/bin/ash'), 'me:x:1234:0:container user:/tmp:/bin/ash');
  t.is(last('--user', '1234', '--passwd=false'), own);
  t.is(last('--hostuser', 'daemon'), 'daemon:*:1:1:daemon:/:/bin/sh');
  t.regex(world.skiff(['run', '--rm', '--hostuser', 'nobody-here', 'base', 'true']).stderr, /--hostuser "nobody-here"/);
});

test('--oom-score-adj, --personality, --init-path, --cgroups=disabled, --env-merge reach the container', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base', { changes: ['ENV P=/a'] });
  const run = (...args: string[]): string => world.ok('run', '--rm', '--network', 'none', ...args);
  t.is(run('--oom-score-adj', '500', 'base', 'cat', '/proc/self/oom_score_adj'), '500');
  t.is(run('--personality', 'LINUX32', 'base', 'busybox', 'uname', '-m'), 'i686');
  const init = join(world.dir, 'init');
  writeFileSync(init, '#!/bin/sh\nshift\necho mine; exec "$@"\n', { mode: 0o755 });
  t.is(run('--init', '--init-path', init, 'base', 'echo', 'x'), 'mine\nx');
  t.regex(world.skiff(['create', '--init', '--init-path', '/no/such', 'base', 'true']).stderr, /container-init binary not found/);
  t.is(run('--cgroups', 'disabled', 'base', 'echo', 'x'), 'x');
  t.is(world.skiff(['run', '--rm', '--cgroups', 'disabled', '--memory', '100m', 'base', 'true']).code, 125);
  t.is(run('--env-merge', 'P=${P}:/b', 'base', 'sh', '-c', 'echo $P'), '/a:/b');
});
