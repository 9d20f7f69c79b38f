/** skiff-init by itself: as PID 1 of a PID namespace, as the reaper of a subtree, and at a terminal. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { makeLauncher } from '../helpers/launched.ts';
import { openTerminal } from '../helpers/terminal.ts';
import { makeWorld, skiffBin } from '../helpers/world.ts';

const init = join(process.env['SKIFF_HELPERS_DIR'] ?? dirname(skiffBin), 'skiff-init');

const endings: readonly (readonly [string, readonly string[], number])[] = [
  ['the command ends with 0', ['true'], 0],
  ['the command ends with 7', ['sh', '-c', 'exit 7'], 7],
  ['the command ends with 255', ['sh', '-c', 'exit 255'], 255],
  ['SIGKILL ends the command', ['sh', '-c', 'kill -KILL $$'], 137],
  ['SIGSEGV ends the command', ['sh', '-c', 'kill -SEGV $$'], 139],
  ['the command is not found', ['/nonexistent'], 127],
  ['the command is not on PATH', ['nonexistent-command'], 127],
  ['the command is no program', ['/etc/passwd'], 126],
  ['the command is a folder', ['/'], 126],
  ['"--" stands before it', ['--', 'sh', '-c', 'exit 3'], 3],
  ['there is no command', [], 125],
  ['there is only "--"', ['--'], 125],
];
for (const [what, words, expected] of endings) {
  test(`init: exit code where ${what}`, (t) => {
    t.is(makeWorld(t).run([init, ...words]).code, expected);
  });
}

test('init: passes signals on to the command', async (t) => {
  const world = makeWorld(t);
  for (const [name, expected] of [['TERM', 'TERM'], ['HUP', 'HUP'], ['USR1', 'USR1'], ['INT', 'INT'], ['QUIT', 'QUIT'], ['WINCH', 'WINCH'], ['PIPE', 'PIPE']] as const) {
    // The shell's own answer to each, so that the signal is seen and not only its effect.
    const script = `for s in TERM HUP USR1 INT QUIT WINCH PIPE; do trap "echo got $s; exit 0" $s; done; kill -${name} $PPID; while :; do sleep 0.02; done`;
    const result = world.run([init, 'sh', '-c', script]);
    t.is(result.stdout, `got ${expected}\n`);
    t.is(result.code, 0);
  }
});

test('init: as PID 1 it gets signals that the kernel keeps from other first processes', (t) => {
  const launcher = makeLauncher(makeWorld(t));
  // Sent from inside the PID namespace, where a first process without handlers would not see them.
  const result = launcher.inside(`exec unshare --pid --fork --mount-proc ${init} sh -c 'trap "echo got; exit 4" TERM; kill -TERM 1; while :; do sleep 0.02; done'`);
  t.is(result.stdout, 'got\n');
  t.is(result.code, 4);
});

test('init: reaps orphans and does not end for them', (t) => {
  const launcher = makeLauncher(makeWorld(t));
  const script = `
    (sh -c 'exit 9' & exec sh -c 'exit 8') &
    (sleep 0.01 & )
    wait
    while grep -q "^State:.Z" /proc/[0-9]*/status 2>/dev/null; do :; done
    echo none left
    exit 6`;
  const result = launcher.inside(`exec unshare --pid --fork --mount-proc ${init} sh -c '${script.replaceAll("'", `'\\''`)}'`);
  t.is(result.stdout, 'none left\n');
  t.is(result.code, 6);
});

test('init: where it is not PID 1, orphans of the command are its own', (t) => {
  const world = makeWorld(t);
  const script = 'sh -c \'sleep 30 & echo $! > orphan\'; awk "/^PPid/ {print \\$2}" /proc/$(cat orphan)/status; echo $PPID; kill $(cat orphan)';
  const [parent, self] = world.run([init, 'sh', '-c', script]).stdout.split('\n');
  t.is(parent, self);
});

test('init: a command that ignores SIGCHLD before does not lose its exit code', (t) => {
  const world = makeWorld(t);
  t.is(world.run(['sh', '-c', 'trap "" CHLD; exec "$0" sh -c "exit 5"', init]).code, 5);
});

test('init: the command has the signal mask that init was started with', (t) => {
  const world = makeWorld(t);
  const { stdout } = world.run([init, 'cat', '/proc/self/status']);
  const own = /^SigBlk:.*$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[0];
  t.is(/^SigBlk:.*$/m.exec(stdout)?.[0], own);
});

test('init: at a terminal the command is in the foreground and gets what is typed', async (t) => {
  const world = makeWorld(t);
  const terminal = openTerminal(t, world, ['sh', '-c', 'trap "echo interrupted; exit 3" INT; read line; echo "line: $line"; while :; do read line; done'], init);
  terminal.type('hello\r');
  await terminal.expect(/line: hello/);
  terminal.type('\x03');
  await terminal.expect(/interrupted/);
  t.is((await terminal.exit).exitCode, 3);
});
