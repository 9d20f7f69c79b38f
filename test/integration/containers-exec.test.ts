/** One more command in a running container. */
import { randomBytes } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { until } from '../helpers/deadline.ts';
import { importBusybox } from '../helpers/images.ts';
import { requires } from '../helpers/requires.ts';
import { livingProcesses, makeWorld, skiffBin, type World } from '../helpers/world.ts';

function anchored(t: Parameters<typeof makeWorld>[0], ...args: string[]): World {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('run', '-d', '--name', 'c', '--network', 'none', ...args, 'base', 'sleep', '100000');
  return world;
}

test('exec runs beside the first process, with its environment and more', (t) => {
  const world = anchored(t, '-e', 'OWN=1', '-w', '/tmp', '-u', 'user');
  // A container runs a moment before its program does.
  world.ok('exec', 'c', 'sh', '-c', 'until ps | grep -q "[s]leep 100000$"; do usleep 10000; done');
  t.is(world.ok('exec', 'c', 'sh', '-c', 'echo $OWN $HOME; pwd; id -u; ps | grep -c "[s]leep 100000$"'), '1 /home\n/tmp\n1000\n1');
  t.is(world.ok('exec', '-e', 'OWN=2', '-e', 'NEW=3', '-u', '0', '-w', '/', 'c', 'sh', '-c', 'echo $OWN $NEW $HOME; pwd; id -u'), '2 3 /root\n/\n0');
  t.is(world.ok('exec', '-u', '77:88', 'c', 'id'), 'uid=77 gid=88 groups=88');
});

test('exec passes standard input on with -i, and only then, and keeps the streams apart', (t) => {
  const world = anchored(t);
  t.is(world.skiff(['exec', '-i', 'c', 'wc', '-c'], { input: 'x'.repeat(100_000) }).stdout.trim(), '100000');
  t.is(world.skiff(['exec', 'c', 'cat'], { input: 'nothing' }).stdout, '');
  const both = world.skiff(['exec', 'c', 'sh', '-c', 'echo out; echo err >&2']);
  t.deepEqual([both.stdout, both.stderr], ['out\n', 'err\n']);
});

test('exec gives no more rights than the container has', (t) => {
  const world = anchored(t, '--cap-drop', 'all', '--security-opt', 'no-new-privileges');
  const status = world.ok('exec', 'c', 'cat', '/proc/self/status');
  for (const name of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) t.regex(status, new RegExp(`^${name}:\\s+0+$`, 'm'));
  t.regex(status, /^NoNewPrivs:\s+1$/m);
  t.regex(status, /^Seccomp:\s+2$/m);
  t.regex(world.ok('exec', '--privileged', 'c', 'cat', '/proc/self/status'), /^CapEff:\s+0*1ff/m);
});

test('exec -d returns at once, its process runs on, is reaped and ends with the container', (t) => {
  const world = anchored(t);
  t.regex(world.ok('exec', '-d', 'c', 'sh', '-c', 'echo $$ > /pid; exec sleep 54321'), /^[0-9a-f]{64}$/);
  // The process is there before its program is. (The pattern is none that it finds itself by.)
  t.is(world.ok('exec', 'c', 'sh', '-c', 'until ps | grep -q "[s]leep 54321$"; do usleep 10000; done; echo runs'), 'runs');
  world.ok('exec', '-d', 'c', 'true');
  t.is(world.skiff(['exec', '-d', 'c', 'no-such']).code, 125);
  world.ok('rm', '-f', '-t', '0', 'c');
  t.deepEqual(livingProcesses('54321'), []);
});

test('exec refuses working directories that lead out, and commands that are not there', (t) => {
  const world = anchored(t);
  world.ok('exec', 'c', 'sh', '-c', 'ln -s /proc/self/fd /out; ln -s loop /loop; ln -s /proc/1/cwd /cwd');
  for (const dir of ['/proc/self/fd/7', '/proc/1/cwd', '/out', '/out/5', '/loop', '/cwd']) {
    const done = world.skiff(['exec', '-w', dir, 'c', 'pwd']);
    t.not(done.code, 0, dir);
    t.is(done.stdout, '', dir);
  }
  t.is(world.skiff(['exec', '-w', '/not/there', 'c', 'pwd']).code, 127);
});

test('exec in a container that does not run is told apart from one that does not exist', (t) => {
  const world = anchored(t);
  world.ok('stop', '-t', '0', 'c');
  const stopped = world.skiff(['exec', 'c', 'true']);
  t.is(stopped.code, 255);
  t.regex(stopped.stderr, /container state improper/);
  t.is(world.skiff(['exec', 'none', 'true']).code, 125);
  t.is(world.skiff(['exec', 'c']).code, 255);
});

test('exec of nothing, or as nobody whom the container knows, has Podman\'s exit codes', (t) => {
  const world = anchored(t);
  t.is(world.skiff(['exec', 'c']).code, 255);
  t.is(world.skiff(['exec', '-d', 'c']).code, 125);
  t.is(world.skiff(['exec', 'c', '']).code, 126);
  // Never uid 0 for a number that is none.
  for (const user of ['nosuch', '2147483648', '4294967295', '4294967296', '-1', '0x0', '1000abc']) {
    t.like(world.skiff(['exec', '-u', user, 'c', 'id', '-u']), { code: 255, stdout: '' }, user);
    t.like(world.skiff(['run', '--rm', '--network', 'none', '-u', user, 'base', 'id', '-u']), { code: 126, stdout: '' }, user);
  }
});

test('exec in a keep-id container is the user that the container is', (t) => {
  if (!requires(t, 'fuse')) return;
  const world = anchored(t, '--userns', 'keep-id');
  t.is(world.ok('exec', 'c', 'id', '-u'), world.ok('run', '--rm', '--network', 'none', '--userns', 'keep-id', 'base', 'id', '-u'));
  t.is(world.ok('exec', '-u', '0', 'c', 'id', '-u'), '0');
});

test('signals to exec reach its command', async (t) => {
  const world = anchored(t);
  const running = world.start(['exec', 'c', 'sh', '-c', 'trap "echo term; exit 5" TERM; echo ready; while true; do usleep 10000; done']);
  await running.waitFor(/ready/);
  running.child.kill('SIGTERM');
  await running.waitFor(/term/);
  t.is((await running.exit).code, 5);
});

test('exec leaves no Node process behind', async (t) => {
  const world = anchored(t);
  const running = world.start(['exec', 'c', 'sh', '-c', 'echo ready; exec sleep 45678']);
  await running.waitFor(/ready/);
  t.regex(readFileSync(`/proc/${running.child.pid}/cmdline`, 'utf8'), /^skiff-exec/);
  world.ok('exec', 'c', 'sh', '-c', 'kill $(ps | grep "[s]leep 45678" | sed "s/^ *//" | cut -d" " -f1)');
  t.is((await running.exit).code, 143);
});

test('exec hands the container pipes, never the caller\'s own files', (t) => {
  const world = anchored(t);
  const file = join(world.home, 'file');
  writeFileSync(file, 'data\n');
  const { uid } = statSync(file);
  const exec = (command: string): string => world.run(['sh', '-c', `${skiffBin} exec ${command}`]).stdout;
  t.is(exec('-i -u 1000 c cat < file'), 'data\n');
  exec('-i c sh -c "echo overwritten > /proc/self/fd/0" < file');
  t.is(readFileSync(file, 'utf8'), 'data\n');
  exec('-u 1000 c echo out >> file');
  t.is(readFileSync(file, 'utf8'), 'data\nout\n');
  t.is(statSync(file).uid, uid);
  const links = 'for fd in 0 1 2; do readlink /proc/self/fd/$fd; done; ls /proc/self/fd | wc -w';
  t.regex(world.skiff(['exec', '-i', 'c', 'sh', '-c', links]).stdout, /^(?:pipe:.*\n){3}4\n$/, 'the fourth is of ls itself');
  t.regex(world.ok('exec', 'c', 'sh', '-c', links), /^\/dev\/null\n(?:pipe:.*\n){2}4$/);
});

test('exec loses no byte in either direction', (t) => {
  const world = anchored(t);
  const bytes = randomBytes(3_000_000);
  t.true(world.skiff(['exec', '-i', 'c', 'cat'], { input: bytes }).stdoutBytes.equals(bytes));
  writeFileSync(join(world.home, 'in'), bytes);
  t.is(world.run(['sh', '-c', `${skiffBin} exec -i c cat < in | { sleep 0.3; cmp - in; } && ${skiffBin} exec -i c cat < in > out && cmp in out`]).code, 0, 'a slow reader; a file');
  // Others who still have the pipe are no reason to wait.
  t.is(world.ok('exec', 'c', 'sh', '-c', 'sleep 1000 & echo said'), 'said');
});

test('exec ends with 141 when nobody reads its output any more, and its command does too', (t) => {
  const world = anchored(t);
  t.is(world.run(['sh', '-c', `{ ${skiffBin} exec c yes; echo $? > code; } | head -1`]).stdout, 'y\n');
  t.is(readFileSync(join(world.home, 'code'), 'utf8'), '141\n');
  t.notRegex(world.ok('exec', 'c', 'ps'), /yes/);
  t.like(world.run(['sh', '-c', `${skiffBin} exec c echo x > /dev/full`]), { code: 125, stderr: 'Error: write "stdout": No space left on device\n' });
  t.is(world.skiff(['exec', '-i', 'c', 'true'], { input: 'x'.repeat(300_000) }).code, 0, 'unread input');
});

test('the command of an exec that was killed is reaped, and its container can be removed', async (t) => {
  const world = anchored(t);
  const running = world.start(['exec', '-i', 'c', 'sh', '-c', 'echo ready; cat; echo end > /end; exec sleep 34567'], { stdin: 'pipe' });
  await running.waitFor(/ready/);
  running.child.kill('SIGKILL');
  await running.exit;
  // Its stdin has come to its end.
  world.ok('exec', 'c', 'sh', '-c', 'until [ -s /end ]; do usleep 10000; done; until ps | grep -q "[s]leep 34567$"; do usleep 10000; done');
  world.ok('rm', '-f', '-t', '0', 'c');
  await until(() => livingProcesses('34567').length === 0 && livingProcesses(world.runtime).length === 0, () => 'something is left');
  t.pass();
});

test('exec refuses detach keys that are none, with or without a terminal', (t) => {
  const world = anchored(t);
  for (const flags of [[], ['-t']]) {
    const done = world.skiff(['exec', ...flags, '--detach-keys', 'foo,bar', 'c', 'true']);
    t.is(done.code, 255);
    t.regex(done.stderr, /"foo" is no key/);
  }
});
