/** Every way of starting a command in a container times every way in which it ends. */
import test from 'ava';
import { importBusybox } from '../helpers/images.ts';
import { makeWorld, type World } from '../helpers/world.ts';

const endings = [
  { what: 'success', command: ['true'], code: 0 },
  { what: 'a code of its own', command: ['sh', '-c', 'exit 42'], code: 42 },
  { what: 'the largest code', command: ['sh', '-c', 'exit 255'], code: 255 },
  { what: 'a signal', command: ['sh', '-c', 'sh -c "kill -TERM \\$\\$"; exit $?'], code: 143 },
  { what: 'SIGKILL', command: ['sh', '-c', 'sh -c "kill -KILL \\$\\$"; exit $?'], code: 137 },
  { what: 'not found', command: ['no-such-command'], code: 127 },
  { what: 'a path that is not there', command: ['/no/such'], code: 127 },
  { what: 'a directory', command: ['/etc'], code: 126 },
  { what: 'a file without permission', command: ['/etc/passwd'], code: 126 },
  { what: 'a script without its interpreter', command: ['/bin/orphan-script'], code: 127 },
  { what: 'a file of no known format', command: ['/bin/garbage'], code: 126 },
] as const;

type Start = (world: World, command: readonly string[]) => number | null;

const starts: Readonly<Record<string, Start>> = {
  'run --rm': (world, command) => world.skiff(['run', '--rm', '--network', 'none', 'base', ...command]).code,
  'run': (world, command) => world.skiff(['run', '--network', 'none', 'base', ...command]).code,
  'run -t': (world, command) => world.skiff(['run', '--rm', '-t', '--network', 'none', 'base', ...command]).code,
  'run -i': (world, command) => world.skiff(['run', '--rm', '-i', '--network', 'none', 'base', ...command]).code,
  'run -d and wait': (world, command) => {
    const { code, stdout } = world.skiff(['run', '-d', '--network', 'none', 'base', ...command]);
    return code === 0 ? Number(world.ok('wait', stdout.trim())) : code;
  },
  'create and start -a': (world, command) => world.skiff(['start', '-a', world.ok('create', '--network', 'none', 'base', ...command)]).code,
  'create, start and inspect': (world, command) => {
    const id = world.ok('create', '--network', 'none', 'base', ...command);
    const { code } = world.skiff(['start', id]);
    if (code !== 0) return code;
    world.ok('wait', id);
    return Number(world.ok('inspect', '--format', '{{.State.ExitCode}}', id));
  },
  'exec': (world, command) => world.skiff(['exec', 'anchor', ...command]).code,
  'exec -i': (world, command) => world.skiff(['exec', '-i', 'anchor', ...command]).code,
  'exec -t': (world, command) => world.skiff(['exec', '-t', 'anchor', ...command]).code,
};

for (const [name, start] of Object.entries(starts)) {
  test(`exit codes of ${name}`, (t) => {
    const world = makeWorld(t);
    importBusybox(world, 'base', { files: { 'bin/orphan-script': '#!/no/interpreter\n', 'bin/garbage': 'neither ELF nor script\n' } });
    world.ok('run', '-d', '--name', 'anchor', '--network', 'none', 'base', 'sleep', '100000');
    for (const { what, command, code } of endings) t.is(start(world, command), code, `${name}: ${what}`);
  });
}

test('exit code 125 is for failures of skiff itself', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const failures: [string[], RegExp][] = [
    [['run', '--no-such-flag', 'base'], /unknown flag: --no-such-flag/],
    [['run', '--network', 'none', 'no-such-image'], /no-such-image/],
    [['run', '--network', 'none', '-v', '/no/such/source:/mnt', 'base', 'true'], /\/no\/such\/source/],
    [['run', '--network', 'none', '--name', 'not a name', 'base', 'true'], /names must match/],
    [['start', 'no-such-container'], /no-such-container/],
    [['exec', 'no-such-container', 'true'], /no-such-container/],
    [['logs', 'no-such-container'], /no-such-container/],
  ];
  for (const [args, text] of failures) {
    const { code, stderr, stdout } = world.skiff(args);
    t.is(code, 125, args.join(' '));
    t.regex(stderr, text);
    t.is(stdout, '');
  }
});

test('a container that could not be started is still created, and goes with --rm', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  t.is(world.skiff(['run', '--name', 'kept', '--network', 'none', 'base', 'no-such']).code, 127);
  t.is(world.ok('ps', '-a', '--format', '{{.Names}} {{.Status}}'), 'kept Created');
  t.is(world.skiff(['run', '--rm', '--name', 'gone', '--network', 'none', 'base', 'no-such']).code, 127);
  t.is(world.ok('ps', '-a', '--format', '{{.Names}}'), 'kept');
});

test('a command in a mount counts as found, and one under a mount that hides it does not', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base', { files: { 'tools/hidden': '#!/bin/sh\necho hidden\n' } });
  t.is(world.run(['mkdir', '-p', `${world.dir}/tools`]).code, 0);
  t.is(world.run(['cp', '/bin/busybox', `${world.dir}/tools/echo`]).code, 0);
  const mounted = ['run', '--rm', '--network', 'none', '-v', `${world.dir}/tools:/tools`, 'base'];
  t.is(world.ok(...mounted, '/tools/echo', 'seen'), 'seen');
  t.is(world.skiff([...mounted, '/tools/hidden']).code, 127);
});
