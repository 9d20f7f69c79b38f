/** What containers wrote, for who asks later and for who watches. */
import test from 'ava';
import { importBusybox } from '../helpers/images.ts';
import { makeWorld, skiffBin } from '../helpers/world.ts';

const lines = (from: number, to: number): string => Array.from({ length: to - from + 1 }, (_, at) => String(from + at)).join('\n');

for (const driver of ['json-file', 'k8s-file']) {
  test(`logs of ${driver}: all, the tail, times, streams and bytes`, (t) => {
    const world = makeWorld(t);
    importBusybox(world, 'base');
    world.ok('run', '--name', 'c', '--log-driver', driver, '--network', 'none', 'base', 'sh', '-c', 'seq 1 10; echo err >&2; printf "\\377\\001 end"');
    const all = world.skiff(['logs', 'c']);
    t.deepEqual(all.stdoutBytes, Buffer.concat([Buffer.from(`${lines(1, 10)}\n`), Buffer.from([0xff, 1]), Buffer.from(' end')]));
    t.is(all.stderr, 'err\n');
    t.regex(world.skiff(['logs', '-t', '--tail', '3', 'c']).stdout, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z \S+/);
    t.is(world.skiff(['logs', '--tail', '0', 'c']).stdout, '');
    t.is(world.skiff(['logs', '--since', '1h', 'c']).stdout, all.stdout);
    // A duration of --until counts forward.
    t.is(world.skiff(['logs', '--until', '1h', 'c']).stdout, all.stdout);
    t.is(world.skiff(['logs', '--until', '-1h', 'c']).stdout, '');
    t.is(world.skiff(['logs', '-n', 'c']).stdout, all.stdout);
    t.true(world.skiff(['logs', '--color', 'c']).stdout.startsWith('\x1b[37m1\x1b[0m\n\x1b[37m2\x1b[0m\n'));
  });

  test(`logs -f of ${driver} over rotations shows every line once and ends with the container`, async (t) => {
    const world = makeWorld(t);
    importBusybox(world, 'base');
    world.ok('run', '-d', '--name', 'c', '--log-driver', driver, '--log-opt', 'max-size=20k', '--log-opt', 'max-file=100', '--network', 'none', 'base', 'sh', '-c',
      'while [ ! -e /go ]; do usleep 10000; done; for i in $(seq 1 40); do seq $((i * 100 - 99)) $((i * 100)); usleep 5000; done');
    const following = world.start(['logs', '-f', 'c']);
    world.ok('exec', 'c', 'touch', '/go');
    t.is((await following.exit).code, 0);
    t.is(following.stdout(), `${lines(1, 4000)}\n`);
    t.is(world.ok('logs', 'c'), lines(1, 4000));
    t.is(world.ok('logs', '--tail', '1500', 'c'), lines(2501, 4000));
  });
}

test('logs -f ends with a container that is removed at its end', async (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('run', '-d', '--rm', '--name', 'c', '--network', 'none', 'base', 'sh', '-c', 'echo first; while [ ! -e /go ]; do usleep 10000; done; echo last');
  const following = world.start(['logs', '-f', 'c']);
  await following.waitFor(/first/);
  world.ok('exec', 'c', 'touch', '/go');
  t.is((await following.exit).code, 0);
  t.is(following.stdout(), 'first\nlast\n');
});

test('logs -f ends with who reads it, of one container and of several, while they go on writing', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  for (const name of ['a', 'b']) world.ok('run', '-d', '--name', name, '--network', 'none', 'base', 'sh', '-c', 'while :; do echo tick; usleep 20000; done');
  for (const names of [['a'], ['a', 'b']]) {
    const done = world.run(['bash', '-c', '"$0" logs -f "$@" | head -n 1; echo ${PIPESTATUS[0]}', skiffBin, ...names]);
    t.regex(done.stdout, /^.*tick\n141\n$/);
    t.is(done.stderr, '');
  }
  t.is(world.ok('ps', '-q').split('\n').length, 2);
});

test('logs of several containers name them', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const ids = ['a', 'b'].map((name) => {
    world.ok('run', '--name', name, '--network', 'none', 'base', 'echo', `i am ${name}`);
    return world.ok('inspect', '--format', '{{.Id}}', name).slice(0, 12);
  });
  t.is(world.ok('logs', 'a', 'b'), `${ids[0]} i am a\n${ids[1]} i am b`);
  t.is(world.ok('logs', '-n', 'a', 'b'), 'a i am a\nb i am b');
  t.is(world.ok('logs', '-n', 'a', 'a'), 'a i am a\na i am a');
  t.is(world.ok('logs', '-n', '--color', 'a', 'b'), '\x1b[37ma i am a\x1b[0m\n\x1b[31mb i am b\x1b[0m');
  const wrong = world.skiff(['logs', 'a', 'none']);
  t.is(wrong.code, 125);
  t.is(wrong.stdout, '');
});

test('logs of a driver that keeps nothing is an error that says so', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('run', '--name', 'c', '--log-driver', 'none', '--network', 'none', 'base', 'echo', 'x');
  t.regex(world.skiff(['logs', 'c']).stderr, /"none", which keeps nothing/);
});

test('logs | head ends quietly', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('run', '--name', 'c', '--network', 'none', 'base', 'seq', '1', '100000');
  const done = world.run(['sh', '-c', '"$0" logs c | head -n 2', skiffBin]);
  t.is(done.stdout, '1\n2\n');
  t.is(done.stderr, '');
});
