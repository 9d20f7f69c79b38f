/** Completion in the real shells: what a person who presses TAB gets. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { importBusybox } from '../helpers/images.ts';
import { requires } from '../helpers/requires.ts';
import { openTerminal } from '../helpers/terminal.ts';
import { makeWorld, skiffBin, type World } from '../helpers/world.ts';

/** A world with `skiff` on PATH. */
function worldWithPath(t: ExecutionContext): World {
  const world = makeWorld(t);
  const bin = join(world.dir, 'bin');
  mkdirSync(bin);
  symlinkSync(skiffBin, join(bin, 'skiff'));
  world.env['PATH'] = `${bin}:${world.env['PATH'] ?? ''}`;
  return world;
}

/** What bash would put on the line or show, by calling the function as readline does. */
function bashCompletes(world: World, line: string): string[] {
  const script = `
    compopt() { echo "compopt $*" >&2; }
    source <(skiff completion bash)
    COMP_LINE=$1; COMP_POINT=\${#1}; COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:'
    __skiff_complete
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const done = world.run(['bash', '--norc', '--noprofile', '-c', script, 'bash', line]);
  return done.stdout.split('\n').filter((word) => word !== '');
}

function fishCompletes(world: World, line: string): string[] {
  const done = world.run(['fish', '--no-config', '-c', 'skiff completion fish | source; complete -C $argv[1]', line]);
  return done.stdout.split('\n').filter((word) => word !== '').map((word) => word.split('\t')[0] ?? '');
}

test('bash completes verbs, options and their values', (t) => {
  if (!requires(t, 'bash')) return;
  const world = worldWithPath(t);
  t.deepEqual(bashCompletes(world, 'skiff comp'), ['completion']);
  t.deepEqual(bashCompletes(world, 'skiff completion '), ['bash', 'zsh', 'fish', 'install']);
  t.deepEqual(bashCompletes(world, 'skiff completion --fi'), ['--file']);
  t.deepEqual(bashCompletes(world, 'skiff --cgroup-manager=sy'), ['systemd'], 'bash takes what stands before "=" for a word of its own');
  t.deepEqual(bashCompletes(world, 'skiff nosuch '), []);
});

test('capabilities, columns of top, published ports and values of filters complete', (t) => {
  if (!requires(t, 'bash')) return;
  const world = worldWithPath(t);
  importBusybox(world, 'base');
  world.ok('create', '--name', 'web', '-p', '127.0.0.1:48081:80', '-p', '127.0.0.1:48082:53/udp', 'base', 'true');
  t.deepEqual(bashCompletes(world, 'skiff run --cap-add NET_').toSorted(), ['NET_ADMIN', 'NET_BIND_SERVICE', 'NET_BROADCAST', 'NET_RAW']);
  t.deepEqual(bashCompletes(world, 'skiff run --cap-drop sys_ch'), ['sys_chroot']);
  t.deepEqual(bashCompletes(world, 'skiff port web '), ['80/tcp', '53/udp']);
  t.deepEqual(bashCompletes(world, 'skiff top web cape'), ['capeff']);
  t.deepEqual(bashCompletes(world, 'skiff ps --filter status=e'), ['exited']);
  t.deepEqual(bashCompletes(world, 'skiff ps --filter name='), []);
});

test('the bash function is silent where no TAB was pressed', (t) => {
  if (!requires(t, 'bash')) return;
  const world = worldWithPath(t);
  const script = 'source <(skiff completion bash); COMP_LINE="skiff load -i "; COMP_POINT=${#COMP_LINE}; __skiff_complete; COMP_LINE="skiff ps --filter "; COMP_POINT=${#COMP_LINE}; __skiff_complete';
  t.is(world.run(['bash', '--norc', '--noprofile', '-c', script]).stderr, '');
});

test('bash completes after TAB in a terminal', async (t) => {
  if (!requires(t, 'bash')) return;
  const world = worldWithPath(t);
  const terminal = openTerminal(t, world, ['--norc', '--noprofile', '-i'], 'bash');
  await terminal.expect(/[$#] /);
  // What is computed is no echo of what was typed.
  terminal.type("PS1='ready>'; source <(skiff completion bash); echo set-$((6 * 7))\r");
  await terminal.expect(/set-42[^]*ready>/);
  terminal.type('skiff compl\t');
  await terminal.expect(/skiff completion /);
  terminal.type('ba\t');
  await terminal.expect(/bash /);
  terminal.type('\u0015exit\r');
  t.is((await terminal.exit).exitCode, 0);
});

test('zsh completes after TAB in a terminal', async (t) => {
  if (!requires(t, 'zsh')) return;
  const world = worldWithPath(t);
  const terminal = openTerminal(t, world, ['-f', '-i'], 'zsh');
  await terminal.expect(/[%#] /);
  terminal.type("PS1='ready>'; autoload -Uz compinit; compinit -u -D; source <(skiff completion zsh); print set-$((6 * 7))\r");
  await terminal.expect(/set-42[^]*ready>/);
  terminal.type('skiff compl\t');
  await terminal.expect(/etion/);
  terminal.type('ba\t');
  await terminal.expect(/sh/);
  terminal.type('\u0015exit\r');
  t.is((await terminal.exit).exitCode, 0);
});

test('fish completes verbs, options and their values, with descriptions', (t) => {
  if (!requires(t, 'fish')) return;
  const world = worldWithPath(t);
  t.deepEqual(fishCompletes(world, 'skiff comp'), ['completion']);
  t.deepEqual(fishCompletes(world, 'skiff completion ').toSorted(), ['bash', 'fish', 'install', 'zsh']);
  t.deepEqual(fishCompletes(world, 'skiff completion --fi'), ['--file']);
  t.deepEqual(fishCompletes(world, 'skiff --cgroup-manager=sy'), ['--cgroup-manager=systemd']);
  const raw = world.run(['fish', '--no-config', '-c', 'skiff completion fish | source; complete -C "skiff comp"']);
  t.regex(raw.stdout, /^completion\tPrint or install/);
});

test('file names complete where an option takes a file', (t) => {
  if (!requires(t, 'bash', 'fish')) return;
  const world = worldWithPath(t);
  writeFileSync(join(world.home, 'archive.tar'), '');
  mkdirSync(join(world.home, 'archives'));
  t.deepEqual(bashCompletes(world, 'skiff completion --file arch').toSorted(), ['archive.tar', 'archives']);
  t.deepEqual(fishCompletes(world, 'skiff completion --file arch').toSorted(), ['archive.tar', 'archives/']);
  t.deepEqual(fishCompletes(world, 'skiff --root=arch'), ['--root=archives/']);
});

test('names from the store are never evaluated by the shell', (t) => {
  if (!requires(t, 'bash')) return;
  const world = worldWithPath(t);
  const names = join(world.root, 'skiff', 'names');
  mkdirSync(names, { recursive: true });
  symlinkSync('0'.repeat(64), join(names, '$(touch pwned)'));
  symlinkSync('0'.repeat(64), join(names, 'web'));
  const words = bashCompletes(world, 'skiff rm ');
  t.true(words.includes('web'), words.join(' '));
  t.is(world.run(['test', '-e', join(world.home, 'pwned')]).code, 1);
});

test('skiff completion install writes the three scripts into the home directory', (t) => {
  const world = worldWithPath(t);
  const paths = world.ok('completion', 'install').split('\n');
  t.is(paths.length, 3);
  for (const path of paths) t.is(world.run(['test', '-s', path]).code, 0, path);
});

test('skiff __complete is quick to say nothing about a broken store', (t) => {
  const world = worldWithPath(t);
  mkdirSync(join(world.root, 'image', 'overlay2'), { recursive: true });
  writeFileSync(join(world.root, 'image', 'overlay2', 'repositories.json'), '{broken');
  const done = world.skiff(['__complete', '--', 'rmi', '']);
  t.is(done.code, 0);
  t.is(done.stdout, ':none\n');
});
