/** SIGKILL at the worst moments: the next command sees the truth and works. */
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { auditStore } from '../helpers/audit.ts';
import { until } from '../helpers/deadline.ts';
import { importBusybox } from '../helpers/images.ts';
import { isAlive, livingProcesses, makeWorld, type World } from '../helpers/world.ts';

const sleeper = ['--network', 'none', 'base', 'sleep', '100000'];

function monitorOf(world: World, id: string): number {
  const line = livingProcesses(id).find((process_) => process_.includes('skiff-monitor') && process_.includes(world.dir));
  return Number.parseInt(line ?? '', 10);
}

/** Alive, and no zombie: some machines' first process never reaps. */
for (const user of ['0', '1000']) {
  test(`a container whose monitor was killed is ended by whoever looks first, who says so, and starts again (user ${user})`, async (t) => {
    const world = makeWorld(t);
    importBusybox(world, 'base');
    const id = world.ok('run', '-d', '--name', 'c', '-u', user, ...sleeper);
    const pid = Number(world.ok('inspect', '--format', '{{.State.Pid}}', 'c'));
    const monitor = monitorOf(world, id);
    process.kill(monitor, 'SIGKILL');
    await until(() => !isAlive(monitor));
    t.true(isAlive(pid));
    const looked = world.skiff(['ps', '-a', '--format', '{{.Names}} {{.Status}}']);
    t.regex(looked.stdout, /^c Exited \(255\)/);
    t.regex(looked.stderr, /^\S+ container [0-9a-f]{12}: its monitor was killed, so its processes were ended now\n$/);
    t.false(isAlive(pid));
    t.is(world.skiff(['ps', '-a']).stderr, '');
    t.is(world.ok('start', 'c'), 'c');
    t.is(world.ok('exec', 'c', 'echo', 'again'), 'again');
  });
}

test('a container whose monitor was killed is ended by rm, and by whoever makes the next one', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  for (const next of [['rm', 'c'], ['create', '--name', 'other', '--network', 'none', 'base', 'true']]) {
    const id = world.ok('run', '-d', '--rm', '--name', 'c', ...sleeper);
    const pid = Number(world.ok('inspect', '--format', '{{.State.Pid}}', 'c'));
    process.kill(monitorOf(world, id), 'SIGKILL');
    world.skiff(['wait', 'c']);
    world.skiff(next);
    t.false(isAlive(pid), next.join(' '));
    t.false(world.ok('ps', '-a', '--format', '{{.Names}}').split('\n').includes('c'));
  }
  t.deepEqual(auditStore(world), []);
});

test('a look ends all that a container without a PID namespace has started, and none of one that only lost its lock file', async (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const id = world.ok('run', '-d', '--name', 'c', '--pid', 'host', '--network', 'none', 'base', 'sh', '-c', 'sleep 98771 & sh -c "sleep 98772; true"');
  await until(() => ['sleep 98771', 'sleep 98772'].every((words) => livingProcesses(words).some((line) => line.includes(` ${words}`))));
  const lock = join(world.runtime, 'skiff', id, 'lock');
  renameSync(lock, `${lock}.away`);
  t.is(world.skiff(['ps', '-a']).stderr, '');
  renameSync(`${lock}.away`, lock);
  t.is(world.ok('ps', '--format', '{{.Names}}'), 'c');
  process.kill(monitorOf(world, id), 'SIGKILL');
  await until(() => /its monitor was killed/.test(world.skiff(['ps', '-a']).stderr));
  t.deepEqual(livingProcesses('sleep 98771').concat(livingProcesses('sleep 98772')), []);
});

for (const [verb, ...options] of [['stop'], ['stop', '-a'], ['kill'], ['kill', '-s', 'TERM']] as const) {
  test(`a container whose monitor was killed is ended by ${[verb, ...options].join(' ')}`, async (t) => {
    const world = makeWorld(t);
    importBusybox(world, 'base');
    const id = world.ok('run', '-d', '--name', 'c', ...sleeper);
    const pid = Number(world.ok('inspect', '--format', '{{.State.Pid}}', 'c'));
    const monitor = monitorOf(world, id);
    process.kill(monitor, 'SIGKILL');
    await until(() => !isAlive(monitor));
    if (verb === 'kill') {
      const refused = world.skiff(['kill', '-s', 'USR1', 'c']);
      t.is(refused.code, 125);
      t.regex(refused.stderr, /can only kill running containers/);
    }
    world.ok(verb, ...options, ...(options[0] === '-a' ? [] : ['c']));
    t.false(isAlive(pid));
    t.is(world.ok('start', 'c'), 'c');
  });
}

test('a monitor that does not answer is named by stop and kill, and ended with its container by rm -f', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const id = world.ok('run', '-d', '--network', 'none', '--name', 'c', 'base', 'sleep', '1000');
  const init = Number(world.ok('inspect', '--format', '{{.State.Pid}}', 'c'));
  const pid = Number(/^(\d+) /.exec(livingProcesses(id).find((line) => / ?skiff-monitor /.test(line)) ?? '')?.[1]);
  process.kill(pid, 'SIGSTOP');
  for (const verb of [['kill', 'c'], ['stop', '-t', '0', 'c']]) {
    const done = world.skiff(verb);
    t.is(done.code, 125);
    t.true(done.stderr.startsWith(`Error: container "c": its monitor (process ${pid}) does not answer\nhint: `), done.stderr);
  }
  t.true(isAlive(init));
  t.is(world.ok('rm', '-f', 'c'), 'c');
  t.false(isAlive(pid) || isAlive(init));
  t.is(world.ok('ps', '-aq'), '');
});

test('a monitor that is killed while it starts a container leaves none running, with --rm and without', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  // A runtime whose `run` succeeds, and takes the monitor away before that can say so.
  const runtime = join(world.dir, 'crun');
  writeFileSync(runtime, '#!/bin/sh\ncrun "$@"; code=$?\ncase " $* " in *" run "*) kill -KILL $PPID ;; esac\nexit $code\n', { mode: 0o755 });
  for (const [extra, seconds] of [['--rm', '98761'], ['--init=false', '98762']] as const) {
    const failed = world.skiff(['--runtime', runtime, 'run', extra, '--name', 'c', '--network', 'none', 'base', 'sleep', seconds]);
    t.is(failed.code, 125, failed.stderr);
    t.deepEqual(livingProcesses(`sleep ${seconds}`), []);
    t.deepEqual(auditStore(world), []);
  }
  writeFileSync(runtime, '#!/bin/sh\nexec crun "$@"\n');
  t.is(world.ok('start', 'c'), 'c');
});

test('what a runtime still knows of a container that is gone goes with the next command that makes one', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('run', '--rm', ...sleeper.slice(0, 3), 'true');
  mkdirSync(join(world.runtime, 'skiff/oci-crun', 'b'.repeat(64)), { recursive: true });
  t.is(auditStore(world).length, 1);
  world.ok('create', '--network', 'none', 'base', 'true');
  t.deepEqual(auditStore(world), []);
});

test('an attached command that is killed leaves its container running', async (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const running = world.start(['run', '--name', 'c', '--network', 'none', 'base', 'sh', '-c', 'echo ready; exec sleep 100000']);
  await running.waitFor(/ready/);
  running.child.kill('SIGKILL');
  await running.exit;
  t.is(world.ok('ps', '--format', '{{.Names}}'), 'c');
  t.is(world.ok('logs', 'c'), 'ready');
});

test('a container that is killed from outside is seen with its signal, and --rm takes it away', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  for (const extra of [[], ['--rm']]) {
    const id = world.ok('run', '-d', '--name', 'c', ...extra, ...sleeper);
    process.kill(Number(world.ok('inspect', '--format', '{{.State.Pid}}', id)), 'SIGKILL');
    const waited = world.skiff(['wait', id]);
    if (extra.length === 0) {
      t.is(waited.stdout.trim(), '137');
      t.is(world.ok('inspect', '--format', '{{.State.ExitCode}}', 'c'), '137');
      world.ok('rm', 'c');
    } else {
      t.is(world.ok('ps', '-aq'), '');
    }
  }
});

test('after a boot: --rm containers are gone with the next command that makes one, others are shown exited and start', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const stay = world.ok('run', '-d', '--name', 'stay', ...sleeper);
  const go = world.ok('run', '-d', '--rm', '--name', 'go', ...sleeper);
  world.ok('create', '--rm', '--name', 'unstarted', '--network', 'none', 'base', 'true');
  const pids = [stay, go].map((id) => Number(world.ok('inspect', '--format', '{{.State.Pid}}', id)));
  for (const pid of [...[stay, go].map((id) => monitorOf(world, id)), ...pids]) process.kill(pid, 'SIGKILL');
  t.is(world.run(['rm', '-rf', join(world.runtime, 'skiff')]).code, 0);
  t.regex(world.ok('ps', '-a', '--filter', 'name=stay', '--format', '{{.Status}}'), /^Exited \(255\)/);
  world.ok('create', '--name', 'new', '--network', 'none', 'base', 'true');
  t.deepEqual(world.ok('ps', '-a', '--format', '{{.Names}}').split('\n'), ['stay', 'unstarted', 'new']);
  t.is(world.ok('start', 'stay'), 'stay');
  t.is(world.ok('exec', 'stay', 'echo', 'up'), 'up');
  t.deepEqual(auditStore(world), []);
});

test('a torn record of a --rm container counts as none, its name and its files go', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const id = world.ok('create', '--name', 'torn', '--network', 'none', 'base', 'true');
  t.is(world.run(['truncate', '-s', '0', join(world.root, 'containers', id, 'config.v2.json')]).code, 0);
  t.is(world.ok('ps', '-aq'), '');
  t.is(world.skiff(['inspect', 'torn']).code, 125);
  world.ok('run', '--name', 'torn', '--network', 'none', 'base', 'true');
  t.is(world.ok('ps', '-a', '--format', '{{.Names}}'), 'torn');
});

test('no mount, lock or process is left when everything of a user is killed', async (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const ids = ['a', 'b', 'c'].map((name) => world.ok('run', '-d', '--name', name, ...sleeper));
  const pids = ids.map((id) => Number(world.ok('inspect', '--format', '{{.State.Pid}}', id)));
  const all = [...ids.map((id) => monitorOf(world, id)), ...pids];
  for (const pid of all) process.kill(pid, 'SIGKILL');
  await until(() => !all.some(isAlive));
  t.false(readFileSync('/proc/self/mountinfo', 'utf8').includes(world.dir));
  t.is(world.ok('ps', '-q'), '');
  for (const name of ['a', 'b', 'c']) world.ok('start', name);
  t.is(world.ok('ps', '-q').split('\n').length, 3);
  world.ok('rm', '-fa', '-t', '0');
  t.true(existsSync(join(world.runtime, 'skiff')));
  t.deepEqual(readdirSync(join(world.runtime, 'skiff')).filter((name) => name.length === 64), []);
  t.deepEqual(auditStore(world), []);
});
