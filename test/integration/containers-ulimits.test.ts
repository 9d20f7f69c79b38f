/** Limits of setrlimit that containers start with: Podman's, whatever Node made of this process's own. */
import test from 'ava';
import { importBusybox } from '../helpers/images.ts';
import { makeWorld, skiffBin, type Result, type World } from '../helpers/world.ts';

/** Runs skiff under limits of its own; bash, for dash knows no `ulimit -u`. */
function limited(world: World, limits: string, ...args: string[]): Result {
  return world.run(['bash', '-c', `${limits}; exec "$0" "$@"`, skiffBin, ...args]);
}

test('a container gets the hard limit of open files twice, and the limits of processes as the user has them', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const run = ['run', '--rm', '--network', 'none'];
  const shown = ['base', 'sed', '-n', '-E', 's/^Max (open )?(files|processes) +([0-9]+) +([0-9]+) .*/\\2 \\3 \\4/p', '/proc/self/limits'];
  const limits = 'ulimit -Sn 1000; ulimit -Hn 9000; ulimit -Su 3000; ulimit -Hu 3500';
  t.is(limited(world, limits, ...run, ...shown).stdout, 'processes 3000 3500\nfiles 9000 9000\n');
  t.is(limited(world, limits, ...run, '--ulimit', 'host', ...shown).stdout, 'processes 3000 3500\nfiles 1000 9000\n');
  t.is(limited(world, limits, ...run, '--ulimit', 'nofile=70:80', 'base', 'sh', '-c', 'ulimit -Sn; ulimit -Hn').stdout, '70\n80\n');
});

test('exec has the limits of the container, as far as its own user may have them', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  t.is(limited(world, 'ulimit -n 9000', 'run', '-d', '--name', 'c', '--network', 'none', 'base', 'sleep', '1000').code, 0);
  t.is(world.ok('exec', 'c', 'sh', '-c', 'ulimit -Sn; ulimit -Hn'), '9000\n9000');
  const lower = limited(world, 'ulimit -Sn 500; ulimit -Hn 8000', 'exec', 'c', 'sh', '-c', 'ulimit -Sn; ulimit -Hn');
  t.is(lower.stdout, '8000\n8000\n', lower.stderr);
});
