import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';
import test from 'ava';
import { makeLauncher } from '../helpers/launched.ts';
import { missing, requires } from '../helpers/requires.ts';
import { makeWorld, skiffBin } from '../helpers/world.ts';

const uid = process.getuid?.() ?? 0;
const gid = process.getgid?.() ?? 0;

const holdersOf = (runtime: string): string[] => readdirSync(join(runtime, 'skiff', 'holders'));

test('launcher: a verb that only reads enters no namespace', (t) => {
  const launcher = makeLauncher(makeWorld(t));
  const found = launcher.find(['ps']);
  t.is(found.env['SKIFF_USERNS'], 'none');
  t.is(found.userns, readlinkSync('/proc/self/ns/user'));
  t.is(found.mountns, readlinkSync('/proc/self/ns/mnt'));
  t.is(found.uid, uid);
});

test('launcher: a verb that needs it is root of a user namespace with the subordinate ids, in mounts of its own', (t) => {
  const world = makeWorld(t);
  const found = makeLauncher(world).find(['run', 'image']);
  t.is(found.env['SKIFF_USERNS'], 'created');
  t.deepEqual([found.uid, found.gid], [0, 0]);
  t.regex(found.uidMap, new RegExp(`^ +0 +${uid} +1\n +1 +\\d+ +\\d+`));
  t.regex(found.gidMap, new RegExp(`^ +0 +${gid} +1\n +1 +\\d+ +\\d+`));
  t.not(found.mountns, readlinkSync('/proc/self/ns/mnt'));
  t.notRegex(found.mountinfo, /shared:/);
  t.deepEqual([found.env['SKIFF_HOST_UID'], found.env['SKIFF_HOST_GID']], [String(uid), String(gid)]);
  t.is(found.env['SKIFF_RUNTIME_DIR'], join(world.runtime, 'skiff'));
  t.is(found.env['SKIFF_SELF'], skiffBin);
});

const walks: readonly (readonly [string, readonly string[], string])[] = [
  ['a global option with a value before the verb', ['--root', 'ps', 'run'], 'created'],
  ['a global option with "="', ['--root=x', 'run'], 'created'],
  ['an option between a group and its verb', ['container', '--log-level', 'debug', 'run'], 'created'],
  ['"--" before the verb', ['--', 'run'], 'created'],
  ['--help after the verb', ['run', '--help'], 'none'],
  ['--help for the contained command', ['run', 'image', '--help'], 'created'],
  ['--help in front', ['--help', 'ps'], 'none'],
  ['an unknown verb', ['runn'], 'none'],
  ['an unknown verb of a group', ['container', 'runn'], 'none'],
  ['a group alone', ['container'], 'none'],
  ['no verb', [], 'none'],
  ['a word longer than any verb', ['r'.repeat(5000)], 'none'],
  ['a verb cut short', ['ru'], 'none'],
];
for (const [what, words, expected] of walks) {
  test(`launcher: finds the verb with ${what}`, (t) => {
    t.is(makeLauncher(makeWorld(t)).find(words).env['SKIFF_USERNS'], expected);
  });
}

test('launcher: passes arguments and environment through untouched, but for its own variables', (t) => {
  const launcher = makeLauncher(makeWorld(t));
  const env = { ODD: 'a\nb=c \u{1f6f6}', EMPTY: '', SKIFF_ROOT: '/x', NODE_EXTRA_CA_CERTS: '/ca.pem', SKIFF_REFUSAL_CODE: 'stale', SKIFF_SAVED_NODE_EXTRA_CA_CERTS: 'stale' };
  const words = ['ps', '', 'a b', '--format={{.ID}}\n', '*'];
  const found = launcher.find(words, { env });
  t.deepEqual(found.argv, words);
  for (const name of ['ODD', 'EMPTY', 'SKIFF_ROOT'] as const) t.is(found.env[name], env[name]);
  t.false('SKIFF_REFUSAL_CODE' in found.env);
  t.is(found.env['NODE_EXTRA_CA_CERTS'], undefined, 'put aside: reading it costs 40 ms');
  t.is(found.env['SKIFF_SAVED_NODE_EXTRA_CA_CERTS'], '/ca.pem');
});

test('launcher: words and variables that Node would take for its own do not steer it', (t) => {
  const world = makeWorld(t);
  const evil = join(world.dir, 'evil.js');
  writeFileSync(evil, 'process.stdout.write("evil");');
  writeFileSync(join(world.dir, 'env'), `NODE_OPTIONS=--require=${evil}\n`);
  const launcher = makeLauncher(world);
  for (const words of [['run', '--env-file', join(world.dir, 'env')], ['run', 'i', 'x', '--env-file=.missing'], ['run', '--env-file', '/missing'], ['ps', '--inspect-brk', '--require', evil]]) {
    t.deepEqual(launcher.find(words).argv, words);
  }
  const found = launcher.find(['ps'], { env: { NODE_OPTIONS: `--require=${evil}` } });
  t.is(found.env['NODE_OPTIONS'], undefined);
  t.is(found.env['SKIFF_SAVED_NODE_OPTIONS'], `--require=${evil}`);
});

test('launcher: keeps NODE_EXTRA_CA_CERTS for a verb that talks to registries', (t) => {
  const found = makeLauncher(makeWorld(t)).find(['run', 'x'], { env: { NODE_EXTRA_CA_CERTS: '/etc/hostname' } });
  t.is(found.env['NODE_EXTRA_CA_CERTS'], '/etc/hostname');
  t.is(found.env['SKIFF_SAVED_NODE_EXTRA_CA_CERTS'], undefined);
});

test('launcher: no process stays between the caller and Node', async (t) => {
  const { running, found } = await makeLauncher(makeWorld(t)).stay(['run']);
  t.is(found.pid, running.child.pid ?? 0);
  t.is(readFileSync(`/proc/${found.pid}/task/${found.pid}/children`, 'utf8'), '');
  running.child.stdin?.end();
  t.deepEqual(await running.exit, { code: 0, signal: null });
});

test('launcher: exit codes and signals are those of the command', async (t) => {
  const launcher = makeLauncher(makeWorld(t));
  t.is(launcher.inside('exit 7').code, 7);
  t.is(launcher.inside('kill -KILL $$').signal, 'SIGKILL');
  const { running } = await launcher.stay(['run']);
  running.child.kill('SIGINT');
  t.deepEqual(await running.exit, { code: null, signal: 'SIGINT' });
});

test('launcher: signals that a parent ignored are back to default, except those ignored on purpose', (t) => {
  const world = makeWorld(t);
  // `cat` in the place of Node and its own status in the place of the script: no runtime that changes signals stands between.
  const env = { SKIFF_NODE: '/bin/cat', SKIFF_MAIN: '/proc/self/status' };
  const { stdout } = world.run(['sh', '-c', 'trap "" PIPE CHLD USR1 RTMIN HUP INT; exec "$0" ps', skiffBin], { env });
  const ignored = BigInt(`0x${/^SigIgn:\s*(\w+)/m.exec(stdout)?.[1]}`);
  t.is(ignored, 0b11n, 'SIGHUP and SIGINT alone');
  t.regex(stdout, /^SigBlk:\s*0+$/m);
});

test('launcher: closed standard streams are /dev/null, and no file of ours takes their place', (t) => {
  const world = makeWorld(t);
  const launcher = makeLauncher(world);
  const script = 'ls -l /proc/$$/fd > "$0"';
  const list = join(world.dir, 'list');
  world.run(['sh', '-c', 'exec 0<&- 1>&- 2>&-; exec "$0" unshare "$1"', skiffBin, script.replace('$0', list)], { env: { SKIFF_MAIN: launcher.shell } });
  t.regex(readFileSync(list, 'utf8'), / 0 -> \/dev\/null\n.* 2 -> \/dev\/null/s);
});

test('launcher: joins the user namespace of a living command, with mounts of its own', async (t) => {
  const launcher = makeLauncher(makeWorld(t));
  const { found: first } = await launcher.stay(['run']);
  const second = launcher.find(['exec']);
  t.is(second.env['SKIFF_USERNS'], 'joined');
  t.is(second.userns, first.userns);
  t.not(second.mountns, first.mountns);
  t.deepEqual([second.uid, second.gid], [0, 0]);
});

test('launcher: the command is a holder by a descriptor that its children do not get', async (t) => {
  const world = makeWorld(t);
  const launcher = makeLauncher(world);
  const { found } = await launcher.stay(['run']);
  t.is(found.fds[found.env['SKIFF_HOLDER_FD'] ?? ''], join(world.runtime, 'skiff', 'holders', String(found.pid)));
  t.notRegex(launcher.inside('ls -l /proc/self/fd').stdout, /holders/);
});

test('launcher: after kill -9 of the holders the next command makes a new namespace and sweeps their entries', async (t) => {
  const world = makeWorld(t);
  const launcher = makeLauncher(world);
  const first = await launcher.stay(['run']);
  const second = await launcher.stay(['exec']);
  for (const { running } of [first, second]) {
    running.child.kill('SIGKILL');
    await running.exit;
  }
  t.is(holdersOf(world.runtime).length, 2, 'a dead holder removes nothing itself');
  const { found } = await launcher.stay(['run']);
  t.is(found.env['SKIFF_USERNS'], 'created');
  t.deepEqual(holdersOf(world.runtime), [String(found.pid)]);
});

test('launcher: one holder killed, the others keep the namespace', async (t) => {
  const launcher = makeLauncher(makeWorld(t));
  const first = await launcher.stay(['run']);
  const second = await launcher.stay(['exec']);
  first.running.child.kill('SIGKILL');
  await first.running.exit;
  t.is(launcher.find(['exec']).userns, second.found.userns);
});

test('launcher: commands started at once make one user namespace between them', async (t) => {
  const launcher = makeLauncher(makeWorld(t));
  const all = await Promise.all(Array.from({ length: 6 }, () => launcher.stay(['run'])));
  t.is(new Set(all.map(({ found }) => found.userns)).size, 1);
  t.is(all.filter(({ found }) => found.env['SKIFF_USERNS'] === 'created').length, 1);
});

test('launcher: an entry whose lock is held by a process outside of the namespace is not joined', async (t) => {
  const world = makeWorld(t);
  const launcher = makeLauncher(world);
  launcher.find(['run']); // makes the folder
  const entry = join(world.runtime, 'skiff', 'holders', String(process.pid));
  const locker = world.run(['sh', '-c', `flock -x "$0" sh -c 'echo 1 > "$0"; "$1" run' "$0" "$1"`, entry, skiffBin], { env: launcher.env });
  t.is((JSON.parse(locker.stdout) as { env: Record<string, string> }).env['SKIFF_USERNS'], 'created');
});

test('launcher: what starts inside (the cleanup of a monitor) stays inside and knows the user', (t) => {
  const world = makeWorld(t);
  const launcher = makeLauncher(world);
  const { stdout } = launcher.inside(`readlink /proc/self/ns/user; SKIFF_MAIN=${launcher.env['SKIFF_MAIN']} ${skiffBin} run; SKIFF_MAIN=${launcher.env['SKIFF_MAIN']} ${skiffBin} ps`);
  const [userns, run = '', ps = ''] = stdout.split('\n');
  for (const text of [run, ps]) {
    const found = JSON.parse(text) as { userns: string; env: Record<string, string> };
    t.is(found.userns, userns ?? '');
    t.is(found.env['SKIFF_HOST_UID'], String(uid));
    t.is(found.env['SKIFF_RUNTIME_DIR'], join(world.runtime, 'skiff'));
  }
  t.is((JSON.parse(run) as { env: Record<string, string> }).env['SKIFF_USERNS'], 'joined');
});

test('launcher: a worker gets a mount namespace of its own from which nothing propagates', (t) => {
  const launcher = makeLauncher(makeWorld(t));
  const { stdout } = launcher.inside(`readlink /proc/self/ns/user /proc/self/ns/mnt; SKIFF_MAIN=${launcher.env['SKIFF_MAIN']} ${skiffBin} __worker layer`);
  const [userns, mountns, text = ''] = stdout.split('\n');
  const found = JSON.parse(text) as { userns: string; mountns: string; mountinfo: string };
  t.is(found.userns, userns ?? '');
  t.not(found.mountns, mountns ?? '');
  t.notRegex(found.mountinfo, /shared:|master:/);
});

test('launcher: a worker outside of a user namespace is refused', (t) => {
  const world = makeWorld(t);
  const result = world.skiff(['__worker', 'layer'], { env: makeLauncher(world).env });
  t.is(result.code, 125);
  t.regex(result.stderr, /^Error: make a mount namespace for a worker: Operation not permitted\n$/);
});

test('launcher: mounts made inside are seen nowhere else and gone with the process', async (t) => {
  const world = makeWorld(t);
  const launcher = makeLauncher(world);
  const { running } = await launcher.stay(['run']);
  t.is(launcher.inside(`mkdir "$HOME/m" && mount -t tmpfs none "$HOME/m" && grep -c "$HOME/m" /proc/self/mountinfo`).stdout, '1\n');
  t.notRegex(readFileSync(`/proc/${running.child.pid}/mountinfo`, 'utf8') + readFileSync('/proc/self/mountinfo', 'utf8'), new RegExp(`${world.home}/m`));
});

test('launcher: on a hybrid host cgroup2 stands on /sys/fs/cgroup', (t) => {
  if (!requires(t, 'hybrid-cgroup')) return;
  const launcher = makeLauncher(makeWorld(t));
  const found = launcher.find(['run']);
  t.is(found.env['SKIFF_CGROUP'], 'private');
  t.regex(found.mountinfo, / \/sys\/fs\/cgroup .* - cgroup2 /);
  // The second one finds that mount and knows that it is no host's.
  const { stdout } = launcher.inside(`SKIFF_MAIN=${launcher.env['SKIFF_MAIN']} ${skiffBin} run`);
  const again = JSON.parse(stdout) as { env: Record<string, string>; mountinfo: string };
  t.is(again.env['SKIFF_CGROUP'], 'private');
  t.is(again.mountinfo.split('\n').filter((line) => line.includes(' - cgroup2 skiff')).length, 1);
});

test('launcher: on a v2 host the tree stays the host\'s', (t) => {
  if (missing('pure-cgroup2') !== undefined) {
    t.false(requires(t, 'pure-cgroup2'));
    return;
  }
  t.is(makeLauncher(makeWorld(t)).find(['run']).env['SKIFF_CGROUP'], 'v2');
});

test('launcher: without a $XDG_RUNTIME_DIR that is the user\'s own, a private directory is found or made', (t) => {
  const world = makeWorld(t);
  const launcher = makeLauncher(world);
  for (const XDG_RUNTIME_DIR of ['', '/nonexistent', '/usr', 'relative', '/tmp']) {
    t.regex(launcher.find(['ps'], { env: { XDG_RUNTIME_DIR } }).env['SKIFF_RUNTIME_DIR'] ?? '', new RegExp(`^(/run/user/${uid}/skiff|/tmp/skiff-run-${uid})$`));
  }
});

test('launcher: Node that can\'t be started is a clear error', (t) => {
  const world = makeWorld(t);
  const result = world.skiff(['ps'], { env: { SKIFF_NODE: '/nonexistent/node', SKIFF_MAIN: '/dev/null' } });
  t.is(result.code, 125, '127 is the contained command\'s');
  t.is(result.stderr, 'Error: start Node "/nonexistent/node": No such file or directory\nhint: SKIFF_NODE names it; unset that or correct it\n');
});

test('launcher: ends with the command, also while its caller waits for the end of its pipes', async (t) => {
  const { running } = await makeLauncher(makeWorld(t)).stay(['run']);
  running.child.stdin?.end();
  await once(running.child, 'close'); // a helper that lived on would keep stdout open
  t.is(running.child.exitCode, 0);
});
