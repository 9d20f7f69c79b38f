import test from 'ava';
import { until } from '../helpers/deadline.ts';
import { importBusybox } from '../helpers/images.ts';
import { requires } from '../helpers/requires.ts';
import { makeWorld } from '../helpers/world.ts';

test('on a host without delegated cgroup v2, asking for a limit is a clear error, never silence', (t) => {
  if (!requires(t, 'hybrid-cgroup')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  for (const limit of [['--memory', '64m'], ['--cpus', '0.5'], ['--pids-limit', '20'], ['--cpuset-cpus', '0'], ['--cpu-shares', '512']]) {
    const run = world.skiff(['run', '--rm', '--network', 'none', ...limit, 'base', 'true']);
    t.is(run.code, 125, limit.join(' '));
    t.regex(run.stderr, new RegExp(`${limit[0]}`), run.stderr);
    t.regex(run.stderr, /cgroup/);
  }
  t.is(world.ok('ps', '-a', '-q'), '');
});

test('with a delegated cgroup v2 subtree a container gets a cgroup of its own, and it is gone at the end', (t) => {
  if (!requires(t, 'pure-cgroup2')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const id = world.ok('run', '-d', '--network', 'none', '--name', 'c', 'base', 'sleep', '1000');
  const pid = world.ok('inspect', '--format', '{{.State.Pid}}', 'c');
  const cgroup = world.run(['cat', `/proc/${pid}/cgroup`]).stdout;
  t.true(cgroup.includes(id.slice(0, 12)), cgroup);
  const path = /^0::(.*)$/m.exec(cgroup)?.[1] ?? '';
  t.is(world.run(['test', '-d', `/sys/fs/cgroup${path}`]).code, 0);
  t.is(world.ok('exec', 'c', 'sh', '-c', 'sed -n "s/^0:://p" /proc/1/cgroup'), '/');
  world.ok('rm', '-f', '-t', '0', 'c');
  t.is(world.run(['test', '-d', `/sys/fs/cgroup${path}`]).code, 1);
});

test('pause and unpause stop and go on with all processes; commit --pause does both', async (t) => {
  if (!requires(t, 'pure-cgroup2')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('run', '-d', '--network', 'none', '--name', 'c', 'base', 'sh', '-c', 'while :; do echo x >> /ticks; sleep 0.01; done');
  const size = (): string => world.ok('inspect', '--size', '--format', '{{.SizeRw}}', 'c');
  await until(() => size() !== '0'); // it begins
  t.is(world.ok('pause', 'c'), 'c');
  t.is(world.ok('ps', '--format', '{{.Status}} {{.State}}'), 'Paused paused');
  t.is(world.ok('inspect', '--format', '{{.State.Status}} {{.State.Paused}} {{.State.Running}}', 'c'), 'paused true false');
  const before = size();
  for (const args of [['pause', 'c'], ['exec', 'c', 'true'], ['stop', 'c'], ['restart', 'c'], ['kill', 'c'], ['rm', 'c']]) {
    const refused = world.skiff(args);
    t.not(refused.code, 0, args.join(' '));
    t.regex(refused.stderr, /container state improper/, args.join(' '));
  }
  t.is(size(), before);
  t.is(world.ok('unpause', '--all'), world.ok('ps', '-q', '--no-trunc'));
  await until(() => size() !== before); // it goes on
  t.regex(world.skiff(['unpause', 'c']).stderr, /is not paused/);
  world.ok('commit', '-q', '--pause', 'c', 'copy');
  t.is(world.ok('ps', '--format', '{{.State}}'), 'running');
  world.ok('pause', 'c');
  world.ok('rm', '-f', 'c');
  t.is(world.ok('ps', '-aq'), '');
});

test('where control groups are not v2 alone, pause is refused with the reason', (t) => {
  if (!requires(t, 'hybrid-cgroup')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('run', '-d', '--network', 'none', '--name', 'c', 'base', 'sleep', '100000');
  for (const args of [['pause', 'c'], ['commit', '--pause', 'c', 'copy']]) {
    const refused = world.skiff(args);
    t.is(refused.code, 125);
    t.regex(refused.stderr, /can't be paused: this host does not have cgroup v2 alone/);
  }
  t.is(world.ok('ps', '--format', '{{.State}}'), 'running');
});
