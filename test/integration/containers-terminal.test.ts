/** People at terminals: run -it, exec -it, attach and the detach keys. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { importBusybox } from '../helpers/images.ts';
import { openProgram, openTerminal } from '../helpers/terminal.ts';
import { makeWorld, skiffBin, type World } from '../helpers/world.ts';

function base(t: Parameters<typeof makeWorld>[0]): World {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  return world;
}

test('run -it is a shell at a terminal of the right size, and exits with its code', async (t) => {
  const world = base(t);
  const terminal = openTerminal(t, world, ['run', '--rm', '-it', '--network', 'none', 'base', 'sh']);
  await terminal.expect(/# /);
  terminal.type('tty; stty size; echo $TERM\r');
  await terminal.expect(/\/dev\/pts\/0\r\n24 80\r\nxterm\r\n/);
  terminal.resize(100, 30);
  terminal.type('sleep 0; stty size\r');
  await terminal.expect(/30 100\r\n/);
  terminal.type('exit 6\r');
  t.is((await terminal.exit).exitCode, 6);
});

test('a program that asks for the size first of all is told the truth', async (t) => {
  const world = base(t);
  for (const flags of ['-t', '-it']) {
    const terminal = openTerminal(t, world, ['run', '--rm', flags, '--network', 'none', 'base', 'stty', '-F', '/dev/tty', 'size']);
    await terminal.expect(/24 80\r+\n/);
    t.is((await terminal.exit).exitCode, 0);
  }
  world.ok('create', '-it', '--name', 'c', '--network', 'none', 'base', 'stty', 'size');
  for (let round = 0; round < 2; round++) {
    const again = openTerminal(t, world, ['start', '-ai', 'c']);
    await again.expect(/24 80\r+\n/);
    t.is((await again.exit).exitCode, 0);
  }
});

test('-t alone ends lines once, leaves the keys to us, and the terminal as it was', async (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const terminal = openProgram(t, 'sh', ['-c', `stty -a | tr ';' '\\n' >before; ${skiffBin} run --rm -t --network none base sh -c 'echo one; echo two'; echo over; stty -a | tr ';' '\\n' >after; cmp before after && echo same`], { cwd: world.home, env: world.env });
  await terminal.expect(/same\r\n/);
  await terminal.exit;
  t.regex(terminal.screen(), /^one\r\ntwo\r\nover\r\nsame\r\n/m);
  const interrupted = openTerminal(t, world, ['run', '--rm', '-t', '--network', 'none', 'base', 'sh', '-c', 'trap "exit 7" INT; echo ready; while :; do sleep 0.05; done']);
  await interrupted.expect(/ready\r\n/);
  interrupted.type('\x03');
  t.is((await interrupted.exit).exitCode, 7);
});

test('a container whose streams are ours gets no terminal of ours', async (t) => {
  const world = base(t);
  for (const verb of ['run', 'create']) {
    const terminal = openTerminal(t, world, [verb, '--log-driver', 'passthrough', '--network', 'none', 'base', 'true']);
    await terminal.expect(/^Error: the '--log-driver passthrough' option cannot be used on a TTY\r\n/);
    t.is((await terminal.exit).exitCode, 125);
  }
  // One of the three is enough.
  const behind = openProgram(t, 'sh', ['-c', `${skiffBin} run --rm --log-driver passthrough --network none base true </dev/null >/dev/null; echo ended $?`], { cwd: world.home, env: world.env });
  await behind.expect(/cannot be used on a TTY\r\nended 125\r\n/);
  t.is(world.ok('ps', '-a', '-q'), '');
  t.is(world.ok('run', '--rm', '--log-driver', 'passthrough', '--network', 'none', 'base', 'echo', 'plain'), 'plain');
});

test('Ctrl-C at a terminal is the container’s, not ours', async (t) => {
  const world = base(t);
  const terminal = openTerminal(t, world, ['run', '--rm', '-it', '--network', 'none', 'base', 'sh', '-c', 'trap "echo interrupted; exit 4" INT; echo ready; while true; do usleep 10000; done']);
  await terminal.expect(/ready/);
  terminal.type('\x03');
  await terminal.expect(/interrupted/);
  t.is((await terminal.exit).exitCode, 4);
});

test('the detach keys leave the container running, attach comes back to it', async (t) => {
  const world = base(t);
  const first = openTerminal(t, world, ['run', '-it', '--name', 'c', '--network', 'none', 'base', 'sh']);
  await first.expect(/# /);
  first.type('x=kept\r');
  await first.expect(/# /);
  first.type('\x10\x11');
  t.is((await first.exit).exitCode, 0);
  t.is(world.ok('ps', '--format', '{{.Names}}'), 'c');
  const second = openTerminal(t, world, ['attach', '--detach-keys', 'ctrl-a,d', 'c']);
  second.type('echo $x\r');
  await second.expect(/kept\r\n/);
  second.type('\x01d');
  t.is((await second.exit).exitCode, 0);
  const third = openTerminal(t, world, ['attach', 'c']);
  third.type('exit 9\r');
  t.is((await third.exit).exitCode, 9);
});

test('exec -it is a terminal with size, resize and exit code', async (t) => {
  const world = base(t);
  world.ok('run', '-d', '--name', 'c', '--network', 'none', 'base', 'sleep', '100000');
  const terminal = openTerminal(t, world, ['exec', '-it', 'c', 'sh']);
  await terminal.expect(/# /);
  terminal.type('stty size; tty\r');
  await terminal.expect(/24 80\r\n\/dev\/pts\/\d+\r\n/);
  terminal.resize(132, 43);
  // crun takes keys and signals as they come: the size may reach the terminal after the keys have. What is expected is no echo of what was typed.
  terminal.type('until [ "$(stty size)" = "43 132" ]; do usleep 10000; done; echo resized-$((6 * 7))\r');
  await terminal.expect(/resized-42\r\n/);
  terminal.type('exit 8\r');
  t.is((await terminal.exit).exitCode, 8);
});

test('exec -it lets go on the detach keys and its command goes on', async (t) => {
  const world = base(t);
  world.ok('run', '-d', '--name', 'c', '--network', 'none', 'base', 'sleep', '100000');
  const terminal = openTerminal(t, world, ['exec', '-it', 'c', 'sh', '-c', 'echo ready; while true; do date >> /beats; usleep 50000; done']);
  await terminal.expect(/ready/);
  terminal.type('\x10\x11');
  t.is((await terminal.exit).exitCode, 0);
  const before = Number(world.ok('exec', 'c', 'sh', '-c', 'wc -l < /beats'));
  t.is(world.ok('exec', 'c', 'sh', '-c', `while [ $(wc -l < /beats) -le ${before} ]; do usleep 10000; done; echo goes on`), 'goes on');
});

test('exec -t shows what its command said and nothing else', (t) => {
  const world = base(t);
  world.ok('run', '-d', '--name', 'c', '--network', 'none', 'base', 'sleep', '100000');
  // Where the end of the command and its last words meet.
  for (let round = 0; round < 25; round++) t.like(world.skiff(['exec', '-t', 'c', 'echo', 'hello']), { code: 0, stdout: 'hello\r\n', stderr: '' });
  t.is(world.skiff(['exec', '-t', 'c', 'seq', '100000']).stdout.length, 688_895);
});

test('input that nobody reads does not keep exec -it from ending', async (t) => {
  const world = base(t);
  world.ok('run', '-d', '--name', 'c', '--network', 'none', 'base', 'sleep', '100000');
  for (let round = 0; round < 3; round++) {
    const piped = world.skiff(['exec', '-it', 'c', 'true'], { input: 'y\n'.repeat(100_000) });
    t.is(piped.code, 0);
    t.regex(piped.stderr, /^warning: [^\n]*\n$/);
    const terminal = openTerminal(t, world, ['exec', '-it', 'c', 'true']);
    terminal.type('y\n'.repeat(2000));
    t.is((await terminal.exit).exitCode, 0);
  }
});

test('exec -it that is killed hangs its command up, and leaves nothing', async (t) => {
  const world = base(t);
  world.ok('run', '-d', '--name', 'c', '--network', 'none', 'base', 'sleep', '100000');
  const terminal = openTerminal(t, world, ['exec', '-it', 'c', 'sh', '-c', 'trap "echo over > /over; exit" HUP; echo ready; while :; do usleep 10000; done']);
  await terminal.expect(/ready/);
  t.regex(readFileSync(`/proc/${terminal.pid}/cmdline`, 'utf8'), /^skiff-exec/, 'no Node process waits');
  terminal.kill('SIGKILL');
  await terminal.exit;
  world.ok('exec', 'c', 'sh', '-c', 'until [ -s /over ]; do usleep 10000; done');
  world.ok('rm', '-f', '-t', '0', 'c');
});

test('-t without a terminal works, and says so with -i', (t) => {
  const world = base(t);
  const run = world.skiff(['run', '--rm', '-i', '-t', '--network', 'none', 'base', 'sh', '-c', 'tty; read line; echo got $line'], { input: 'text\n' });
  t.is(run.code, 0);
  t.regex(run.stdout, /\/dev\/pts\/0\r\n/);
  t.regex(run.stdout, /got text/);
  t.regex(run.stderr, /not a TTY/);
  world.ok('run', '-d', '--name', 'c', '--network', 'none', 'base', 'sleep', '100000');
  const exec = world.skiff(['exec', '-i', '-t', 'c', 'sh', '-c', 'tty; read line; echo got $line'], { input: 'text\n' });
  t.is(exec.code, 0);
  t.regex(exec.stdout, /got text/);
});

test('several attached clients see the same, and one that leaves disturbs nobody', async (t) => {
  const world = base(t);
  world.ok('run', '-dit', '--name', 'c', '--network', 'none', 'base', 'sh');
  const one = openTerminal(t, world, ['attach', 'c']);
  const two = openTerminal(t, world, ['attach', 'c']);
  // Whoever sees the answer to his own key is attached; what was shown before that nobody sees.
  for (const terminal of [one, two]) {
    terminal.type('\r');
    await terminal.expect(/# /);
  }
  one.type('echo to-both\r');
  await two.expect(/to-both\r\n/);
  await one.expect(/to-both\r\n/);
  one.type('\x10\x11');
  t.is((await one.exit).exitCode, 0);
  two.type('exit 3\r');
  t.is((await two.exit).exitCode, 3);
});

test('an attached run leaves no Node process behind', async (t) => {
  const world = base(t);
  const terminal = openTerminal(t, world, ['run', '--rm', '-it', '--network', 'none', 'base', 'sh']);
  await terminal.expect(/# /);
  t.regex(readFileSync(`/proc/${terminal.pid}/cmdline`, 'utf8'), /^skiff-attach/);
  terminal.type('exit\r');
  t.is((await terminal.exit).exitCode, 0);
});

test('attach needs a running container, and --no-stdin keeps the keys away', async (t) => {
  const world = base(t);
  world.ok('create', '--name', 'made', '--network', 'none', 'base', 'true');
  t.regex(world.skiff(['attach', 'made']).stderr, /only attach to running containers/);
  world.ok('run', '-di', '--name', 'c', '--network', 'none', 'base', 'sh', '-c', 'while ! read -t 1 line; do echo tick; done; echo got $line');
  const deaf = world.start(['attach', '--no-stdin', 'c'], { stdin: 'pipe' });
  deaf.child.stdin?.end('unheard\n');
  await deaf.waitFor(/tick/);
  const heard = world.start(['attach', 'c'], { stdin: 'pipe' });
  heard.child.stdin?.end('heard\n');
  t.is((await heard.exit).code, 0);
  t.is((await deaf.exit).code, 0);
  t.regex(world.ok('logs', 'c'), /got heard/);
});
