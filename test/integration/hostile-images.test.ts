/**
 * Hostile images against the host, one named test a class of past vulnerabilities. A canary tree stands on the host; after
 * every run it must be byte for byte what it was.
 */
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { importBusybox } from '../helpers/images.ts';
import { makeWorld, type World } from '../helpers/world.ts';

function canary(world: World): { path: string; intact: () => string } {
  const path = join(world.home, 'canary');
  mkdirSync(path);
  writeFileSync(join(path, 'secret'), 'the host\n');
  const picture = (dir: string): string => readdirSync(dir).toSorted().map((name) => {
    const file = join(dir, name);
    const stat = statSync(file);
    return `${name} ${stat.mode} ${stat.uid} ${stat.mtimeMs} ${stat.isDirectory() ? `[${picture(file)}]` : readFileSync(file, 'utf8')}`;
  }).join('\n');
  const before = picture(path);
  return { path, intact: () => (picture(path) === before ? 'intact' : picture(path)) };
}

const offline = ['run', '--rm', '--network', 'none'];

test('CVE class B: no working directory reaches the host through /proc, and only stdio is open inside', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'b');
  for (const fd of ['3', '7', '8', '9', '10', '15', '20', '33', '64']) {
    for (const path of [`/proc/self/fd/${fd}`, `/proc/self/fd/${fd}/..`, `/proc/1/fd/${fd}`]) {
      const run = world.skiff([...offline, '-w', path, 'b', 'sh', '-c', 'pwd; ls /; cat /etc/passwd | wc -l']);
      t.not(run.code, 0, `-w ${path}: ${run.stdout}`);
    }
  }
  const cwd = world.skiff([...offline, '-w', '/proc/1/cwd', 'b', 'ls', '/proc/self/cwd/']);
  t.false(cwd.stdout.includes('canary'));
  t.is(world.ok(...offline, 'b', 'sh', '-c', 'ls /proc/1/fd; true').split('\n').join(' '), '0 1 2');
  world.ok('run', '-d', '--network', 'none', '--name', 'b1', 'b', 'sleep', '1000');
  t.deepEqual(world.ok('exec', 'b1', 'sh', '-c', 'ls /proc/$$/fd; true').split('\n').filter((fd) => Number(fd) > 2 && Number(fd) !== 10), []);
  for (const fd of ['3', '5', '7', '9', '12']) t.not(world.skiff(['exec', '-w', `/proc/self/fd/${fd}`, 'b1', 'ls']).code, 0);
});

for (const [kind, target] of [['absolute', (c: string) => c], ['relative', (c: string) => `../../../../../../../..${c}`], ['dangling', (c: string) => `${c}/none`], ['looped', () => 'loop']] as const) {
  test(`CVE class C: an image whose mount targets are ${kind} links changes nothing on the host`, (t) => {
    const world = makeWorld(t);
    const host = canary(world);
    for (const name of ['proc', 'sys', 'dev', 'run', 'tmp', 'job']) {
      const link = target(host.path);
      importBusybox(world, `c-${name}`, { files: name === 'tmp' ? {} : { [name]: `->${kind === 'looped' ? name : link}` } });
      const extra = name === 'job' ? ['-w', '/job/inner', '-v', `${world.home}:/job/mnt`] : ['--tmpfs', '/run/x'];
      const run = world.skiff([...offline, ...extra, `c-${name}`, 'sh', '-c', 'echo x > /job/inner/written; echo y > /run/x/written; ls /proc/self/status']);
      t.is(host.intact(), 'intact', `${name}: ${run.stdout} ${run.stderr}`);
    }
    for (const file of ['etc/hosts', 'etc/hostname', 'etc/resolv.conf']) {
      importBusybox(world, 'c-file', { files: { [file]: `->${kind === 'looped' ? file.slice(4) : `${target(host.path)}/secret`}` } });
      const run = world.skiff([...offline, 'c-file', 'sh', '-c', `echo attack >> /${file}`]);
      t.is(host.intact(), 'intact', `${file}: ${run.stdout} ${run.stderr}`);
    }
  });
}

test('CVE class C: a volume over a link of the image lands inside the root file system', (t) => {
  const world = makeWorld(t);
  const host = canary(world);
  importBusybox(world, 'c', { files: { data: `->${host.path}` }, changes: ['VOLUME /data/deep'] });
  const run = world.skiff([...offline, '-v', `${world.home}:/data/mnt:ro`, 'c', 'sh', '-c', 'echo x > /data/deep/y; ls -la /data/']);
  t.is(host.intact(), 'intact', run.stderr);
});

test('CVE class D: /dev, /proc and the console are fresh whatever the image brings', (t) => {
  const world = makeWorld(t);
  const host = canary(world);
  importBusybox(world, 'd', { files: { 'dev/null': `->${host.path}/secret`, 'dev/console': `->${host.path}/console`, 'dev/pts/0': `->${host.path}/secret`, 'dev/ptmx': `->${host.path}/secret` } });
  for (const flags of [[], ['--read-only'], ['--privileged'], ['-t'], ['--init'], ['--security-opt', 'unmask=ALL']]) {
    const run = world.skiff([...offline, ...flags, 'd', 'sh', '-c', 'stat -c %t:%T /dev/null; echo gone > /dev/null; echo x > /dev/console; stat -f -c %T /proc']);
    t.regex(run.stdout, /^1:3/m, `${flags.join(' ')}: ${run.stderr}`);
    t.is(host.intact(), 'intact', flags.join(' '));
  }
});

test('CVE class E: nothing inheritable or ambient, and a hostile USER never becomes root', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'e', { files: { 'etc/passwd': 'root:x:0:0::/:/bin/sh\n4294967296:x:0:0::/:/bin/sh\n' } });
  for (const user of ['0', '1000', 'root']) {
    const status = world.ok(...offline, '-u', user, 'e', 'grep', '^Cap', '/proc/self/status');
    t.regex(status, /CapInh:\s+0+$/m, user);
    t.regex(status, /CapAmb:\s+0+$/m, user);
    if (user === '1000') t.regex(status, /CapEff:\s+0+$/m);
  }
  world.ok('run', '-d', '--network', 'none', '--name', 'e1', 'e', 'sleep', '1000');
  t.regex(world.ok('exec', 'e1', 'grep', '^Cap', '/proc/self/status'), /CapInh:\s+0+$/m);
  for (const user of ['2147483648', '4294967295', '4294967296', '-1', '0x0', '1000abc', '99999999999999999999', '1000:4294967296', '1000:-1', ' 0', '+0']) {
    for (const run of [world.skiff([...offline, `--user=${user}`, 'e', 'id', '-u']), world.skiff(['exec', `--user=${user}`, 'e1', 'id', '-u'])]) {
      t.not(run.stdout.trim(), '0', `user ${user} became root`);
      t.not(run.code, 0, `user ${user}: ${run.stdout}`);
    }
  }
});

test('CVE class F: the cgroup tree of the host is out of reach', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'f');
  t.is(world.ok(...offline, 'f', 'sh', '-c', 'sed -n "s/^0:://p" /proc/self/cgroup'), '/');
  const write = world.skiff([...offline, 'f', 'sh', '-c', 'mkdir /sys/fs/cgroup/x 2>/dev/null && echo made; echo 1 > /sys/fs/cgroup/cgroup.procs && echo moved']);
  t.is(write.stdout, '');
});

test('CVE class G: passwd and group as fifo, device or huge sparse file neither hang nor fill memory', (t) => {
  const world = makeWorld(t);
  const host = canary(world);
  importBusybox(world, 'g', { files: { 'etc/passwd': `->${host.path}/secret`, 'etc/group': '->/dev/zero' } });
  const run = world.skiff([...offline, '-u', 'nobody', 'g', 'true']);
  t.is(run.signal, null);
  t.is(run.code, 126, 'no such user');
  t.false(run.stderr.includes('the host'));
  world.ok('create', '--name', 'fifo', '--network', 'none', '-u', 'user', 'g', 'true');
  t.is(world.ok(...offline, 'g', 'id', '-u'), '0');
});

test('CVE class O: labels and annotations of an image are data only', (t) => {
  const world = makeWorld(t);
  const keys = ['io.podman.annotations.checkpoint', 'io.podman.annotations.privileged', 'io.containers.autoupdate', 'run.oci.handler', 'run.oci.keep_original_groups', 'run.oci.hooks.stderr',
    'run.oci.mount_context_type', 'io.kubernetes.cri-o.TrySkipVolumeSELinuxLabel', 'org.opencontainers.image.stopSignal', 'io.podman.annotations.seccomp', 'io.podman.annotations.init', 'module.wasm.image/variant', 'run.oci.systemd.force_cgroup_v1', 'PODMAN_SYSTEMD_UNIT', 'skiff.privileged'];
  importBusybox(world, 'plain');
  importBusybox(world, 'labelled', { changes: keys.map((key) => `LABEL ${key}=krun`) });
  const spec = (image: string): Record<string, unknown> => {
    const id = world.ok('run', '-d', '--network', 'none', '--hostname', 'h', '--name', image, image, 'sleep', '1000');
    const text = readFileSync(join(world.runtime, 'skiff', id, 'config.json'), 'utf8');
    return JSON.parse(text.replaceAll(id, 'ID').replaceAll(/overlay2\/[0-9a-f]{64}/g, 'overlay2/M').replaceAll(`"${image}"`, '"IMAGE"').replaceAll(`/${image}"`, '/IMAGE"')) as Record<string, unknown>;
  };
  world.ok('run', '-d', '--network', 'none', 'plain', 'sleep', '1000'); // the first one leaves its compiled filter for the others
  const [plain, labelled] = [spec('plain'), spec('labelled')];
  t.deepEqual(labelled, plain);
  t.is(world.ok('inspect', '--format', '{{index .Config.Labels "run.oci.handler"}}', 'labelled'), 'krun');
});
