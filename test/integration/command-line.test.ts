/** The command line as a person meets it: version, help, and mistakes. */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { version } from '../../src/lib/version.ts';
import { openTerminal } from '../helpers/terminal.ts';
import { makeWorld, projectRoot, skiffBin } from '../helpers/world.ts';

test('--version, -v and version print the version', (t) => {
  const world = makeWorld(t);
  t.is(world.ok('--version'), `skiff version ${version}`);
  t.is(world.ok('-v'), `skiff version ${version}`);
  t.true(world.ok('version').includes(version));
});

test('--help of everything prints usage on stdout with exit code 0', (t) => {
  const world = makeWorld(t);
  t.regex(world.ok('--help'), /^Run containers.*\n\nUsage:\n {2}skiff \[options\] \[command\]/);
  for (const same of [['help'], ['help', 'help'], ['help', '--help'], ['-h']]) t.is(world.ok(...same), world.ok('--help'));
  t.regex(world.ok('image', '--help'), /Available Commands:\n/);
  const run = world.ok('run', '--help');
  t.regex(run, /Usage:\n {2}skiff run \[options\] IMAGE \[COMMAND/);
  t.regex(run, / -p, --publish /);
  t.is(world.ok('help', 'run'), run);
  t.is(world.ok('container', 'run', '--help'), run);
});

test('--help on a terminal keeps to its width, with bold headings unless NO_COLOR is set', async (t) => {
  const world = makeWorld(t);
  const bold = openTerminal(t, world, ['run', '--help']);
  await bold.exit;
  t.true(bold.screen().includes('\u001b[1mOptions:\u001b[22m'));
  world.env['NO_COLOR'] = '1';
  const plain = openTerminal(t, world, ['run', '--help']);
  await plain.exit;
  t.false(plain.screen().includes('\u001b'));
  for (const line of plain.screen().split('\r\n')) t.true(line.length <= 80, line);
});

const mistakes: readonly (readonly [string[], string])[] = [
  [['frobnicate'], "Error: unrecognized command `skiff frobnicate`\nSee 'skiff --help'\n"],
  [['imagse'], "Error: unrecognized command `skiff imagse`\nSee 'skiff --help'\nhint: did you mean image or images?\n"],
  [['image', 'lsss'], "Error: unrecognized command `skiff image lsss`\nSee 'skiff image --help'\nhint: did you mean ls or list?\n"],
  [['--rot', '/x', 'ps'], "Error: unknown flag: --rot\nSee 'skiff --help'\nhint: did you mean --root?\n"],
  [['run', '--nmae', 'x', 'y'], "Error: unknown flag: --nmae\nSee 'skiff run --help'\nhint: did you mean --name?\n"],
  [['run', '--secret', 'x', 'y'], "Error: unknown flag: --secret\nSee 'skiff run --help'\nhint: Podman's --secret is not supported: secrets are not there yet\n"],
  [['run', '-Z', 'x'], "Error: unknown shorthand flag: 'Z' in -Z\nSee 'skiff run --help'\n"],
  [['run', '--name'], "Error: flag needs an argument: --name\nSee 'skiff run --help'\n"],
  [['run', '-m', 'lots', 'x'], 'Error: invalid argument "lots" for "-m, --memory" flag: invalid size "lots": want a number with an optional unit b, k, m, g, t or p\nSee \'skiff run --help\'\n'],
  [['run'], "Error: requires at least 1 arg(s), only received 0\nSee 'skiff run --help'\n"],
  [['run', '--replace', 'x'], "Error: cannot replace a container without --name\nSee 'skiff run --help'\n"],
  [['run', '--rm', '--restart=always', 'x'], "Error: --rm and --restart cannot be used together\nSee 'skiff run --help'\n"],
  [['ps', 'extra'], "Error: `skiff ps` takes no arguments\nSee 'skiff ps --help'\n"],
  [['--log-level', 'loud', 'ps'], 'Error: unknown log level "loud": want one of error, warn, info, debug, trace\n'],
  [['help', '--rnu'], "Error: unknown flag: --rnu\nSee 'skiff help --help'\n"],
  [['help', 'rnu'], "Error: unknown help topic \"rnu\"\nSee 'skiff --help'\nhint: did you mean run?\n"],
];

for (const [argv, stderr] of mistakes) {
  test(`a mistake is named and exits with 125: skiff ${argv.join(' ')}`, (t) => {
    const done = makeWorld(t).skiff(argv);
    t.is(done.stderr, stderr);
    t.is(done.code, 125);
    t.is(done.stdout, '');
  });
}

for (const noun of [[], ['container'], ['image']]) {
  test(`without a verb the help is on stdout and the mistake on stderr: skiff ${noun.join(' ')}`, (t) => {
    const world = makeWorld(t);
    const done = world.skiff(noun);
    t.is(done.stdout.trimEnd(), world.ok(...noun, '--help'));
    t.is(done.stderr, `Error: missing command '${['skiff', ...noun].join(' ')} COMMAND'\n`);
    t.is(done.code, 125);
  });
}

test('--env-file and its file are ours alone, not Node\'s', (t) => {
  const world = makeWorld(t);
  const file = join(world.dir, 'env');
  writeFileSync(file, 'NODE_OPTIONS=--require=/nosuch\n');
  t.regex(world.skiff(['run', '--pull', 'never', `--env-file=${file}`, 'nosuch']).stderr, /^Error: nosuch: image not known\n/);
  t.is(world.skiff(['run', '--env-file', '/nosuch', 'nosuch']).stderr, 'Error: --env-file "/nosuch": open "/nosuch": no such file or directory\n');
});

test('global options may stand before the verb or among its own', (t) => {
  const world = makeWorld(t);
  const other = join(world.dir, 'other');
  t.true(world.ok('--root', other, 'info', '--format', 'json').includes(other));
  t.true(world.ok('info', '--format', 'json', '--root', other).includes(other));
  t.true(world.ok('info', `--root=${other}`, '--format', 'json').includes(other));
});

test('a closed stdout ends a command quietly', (t) => {
  const world = makeWorld(t);
  const done = world.run(['bash', '-c', 'set -o pipefail; trap "" PIPE; "$0" run --help | true; echo "${PIPESTATUS[0]}"', skiffBin]);
  t.is(done.stderr, '');
  t.regex(done.stdout, /^(?:0|141)\n$/);
});

test('a full stdout is an error', (t) => {
  const world = makeWorld(t);
  const full = openSync('/dev/full', 'w');
  const done = spawnSync(skiffBin, ['--help'], { env: world.env, stdio: ['ignore', full, 'pipe'], encoding: 'utf8' });
  closeSync(full);
  t.is(done.status, 125);
  t.regex(done.stderr, /^Error: write standard output: write: no space left on device\n/);
});

test('every manual page renders without a warning', (t) => {
  const man = join(projectRoot(), 'man');
  const renderer = ['mandoc', 'groff', 'man'].find((program) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0);
  if (renderer === undefined) {
    t.log('no mandoc, groff or man here');
    t.pass();
    return;
  }
  const world = makeWorld(t);
  for (const name of readdirSync(man)) {
    // A page of another name for a command only points to the page, by the place where both are installed.
    const link = /^\.so man1\/(.*)\n$/.exec(readFileSync(join(man, name), 'utf8'));
    if (link !== null) {
      t.true(existsSync(join(man, link[1] ?? '')), name);
      continue;
    }
    const argv = renderer === 'mandoc' ? ['mandoc', '-T', 'lint', '-W', 'warning', name] : renderer === 'groff' ? ['groff', '-man', '-ww', '-z', name] : ['man', '--warnings=w', '-l', '-P', 'cat', name];
    const done = world.run(argv, { cwd: man });
    t.is(done.stderr, '', name);
  }
});

test('at --log-level debug an error tells where in the source it came from', (t) => {
  const world = makeWorld(t);
  for (const args of [['run', '--pull', 'never', 'none'], ['image', 'inspect', 'none']]) {
    const { code, stderr } = world.skiff(['--log-level', 'debug', ...args]);
    t.is(code, 125);
    t.regex(stderr, /^ {4}at .*\bsrc\/cli\/main\.ts:\d+:\d+/m);
    t.notRegex(stderr, /skiff-[0-9a-f]{16}/);
  }
});
