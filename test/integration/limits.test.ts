import { mkdirSync, readFileSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import test from 'ava';
import { until } from '../helpers/deadline.ts';
import { importBusybox } from '../helpers/images.ts';
import { requires } from '../helpers/requires.ts';
import type { Result } from '../helpers/world.ts';
import { makeWorld, skiffBin } from '../helpers/world.ts';

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

test('--cgroups=split puts the container into the cgroup of the unit that runs it, beside what serves it', async (t) => {
  if (!requires(t, 'pure-cgroup2')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const above = /^0::(.*)\/[^/]+$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '';
  const unit = `${above}/unit-${process.pid}.service`;
  const folder = `/sys/fs/cgroup${unit}`;
  mkdirSync(folder);
  const within = (group: string, ...words: string[]): Result => world.run(['sh', '-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', group, skiffBin, ...words]);
  const made = within(folder, 'run', '-d', '--cgroups=split', '--network', 'none', '--name', 'c', 'base', 'sh', '-c', 'trap "exit 3" TERM; while :; do sleep 0.1; done');
  t.is(made.code, 0, made.stderr);
  const id = made.stdout.trim();
  const cgroupOf = (pid: string): string => /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1] ?? '';
  const [pid, monitor] = world.ok('inspect', '--format', '{{.State.Pid}} {{.State.ConmonPid}}', 'c').split(' ') as [string, string];
  t.is(cgroupOf(pid), `${unit}/skiff-${id}`);
  t.is(cgroupOf(monitor), `${unit}/supervisor`);
  t.is(world.ok('exec', 'c', 'sed', '-n', 's/^0:://p', '/proc/1/cgroup'), '/');
  t.is(world.ok('inspect', '--format', '{{.HostConfig.Cgroups}}', 'c'), 'split');
  // What is started from there finds the unit split already.
  const second = within(`${folder}/supervisor`, 'run', '--rm', '--cgroups=split', '--network', 'none', 'base', 'true');
  t.is(second.code, 0, second.stderr);
  t.is(world.ok('stop', 'c'), 'c');
  t.is(world.ok('inspect', '--format', '{{.State.ExitCode}}', 'c'), '3');
  await until(() => readFileSync(`${folder}/cgroup.events`, 'utf8').includes('populated 0'));
  t.deepEqual(readdirSync(folder).filter((name) => statSync(`${folder}/${name}`).isDirectory()), ['supervisor']);
  rmdirSync(`${folder}/supervisor`);
  rmdirSync(folder);
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
