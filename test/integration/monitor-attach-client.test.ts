/** skiff-attach, at a terminal and in pipelines, against the real monitor. */
import { spawn as spawnChild, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { helperPath } from '../../src/host/helpers.ts';
import { sys } from '../../src/host/sys.ts';
import { connectionOf, killContainer, takeExit } from '../../src/runtime/client.ts';
import { packet } from '../../src/runtime/index.ts';
import { until, waiters, within } from '../helpers/deadline.ts';
import { makeMonitorWorld, type MonitorWorld } from '../helpers/monitor.ts';
import { jsonLines, untilStuck } from '../helpers/monitor-log.ts';
import { shell } from '../helpers/monitor-container.ts';
import { requires } from '../helpers/requires.ts';
import { openProgram, type Terminal } from '../helpers/terminal.ts';

const ctrlPQ = '1011';
const ctrlP = String.fromCodePoint(0x10);
/** Says what a terminal's owner sees of its settings. */
const settings = (script: string): string[] => ['-c', `stty -a | md5sum; ${script}; stty -a | md5sum`];

interface Screen extends Pick<Terminal, 'expect' | 'type' | 'resize' | 'kill' | 'screen' | 'pid'> { readonly exit: Promise<number> }

/** A program in a terminal of 80x24, whose exit code is told as a shell does. */
function openScreen(t: ExecutionContext, program: string, args: string[]): Screen {
  const terminal = openProgram(t, program, args);
  const { expect, type, resize, kill, screen, pid } = terminal;
  return { expect, type, resize, kill, screen, pid, get exit() { return terminal.exit.then(({ exitCode, signal }) => (signal ? 128 + signal : exitCode)); } };
}

function attachArgs(world: MonitorWorld, ...more: string[]): string[] {
  return ['--socket', join(world.runDir, 'attach'), ...more];
}

interface Piped { child: ChildProcess; stdout(): string; stderr(): string; readonly exit: Promise<[number | null, string | null]>; expect(pattern: RegExp): Promise<RegExpExecArray> }

function attachPiped(t: ExecutionContext, world: MonitorWorld, ...more: string[]): Piped {
  const child = spawnChild(helperPath('skiff-attach'), attachArgs(world, ...more), { stdio: 'pipe' });
  let out = '';
  let err = '';
  let over = false;
  const watch = waiters({ look: (pattern) => pattern.exec(out + err), over: () => over, seen: () => (out + err).slice(-2000) });
  child.stdout.on('data', (bytes: Buffer) => { out += bytes.toString(); watch.wake(); });
  child.stderr.on('data', (bytes: Buffer) => { err += bytes.toString(); watch.wake(); });
  child.stdin.on('error', () => { watch.wake(); });
  const exit = once(child, 'close').then(([code, signal]) => { over = true; watch.wake(); return [code, signal] as [number | null, string | null]; });
  t.teardown(() => { child.kill('SIGKILL'); });
  return {
    child, stdout: () => out, stderr: () => err, expect: watch.wait,
    get exit() { return within(exit, () => `no end; said: ${(out + err).slice(-2000)}`); },
  };
}

async function startInteractive(t: ExecutionContext): Promise<MonitorWorld> {
  const world = makeMonitorWorld(t);
  const run = world.start({ command: shell('read go; stty -echo; trap "echo resized \\$(stty size)" WINCH; echo ready; while :; do read line || continue; [ "$line" = size ] && stty size; [ "$line" = end ] && exit 7; echo "<$line>"; done'), terminal: true, args: ['--stdin'] });
  await run.expectEvent('started');
  return world;
}

test.serial('at a terminal: typing, window size, and the container\'s exit code', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = await startInteractive(t);
  const screen = openScreen(t, helperPath('skiff-attach'), attachArgs(world, '--stdin', '--tty', '--detach-keys', ctrlPQ, '--sig-proxy'));
  screen.type('go\r');
  await screen.expect(/ready\r\n/);
  screen.type('size\r');
  await screen.expect(/24 80\r\n<size>\r\n/);
  screen.resize(132, 50);
  await screen.expect(/resized 50 132\r\n/);
  screen.type('end\r');
  t.is(await screen.exit, 7);
});

test.serial('the detach keys end the client alone, with 0, also when they come one by one', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = await startInteractive(t);
  const first = openScreen(t, helperPath('skiff-attach'), attachArgs(world, '--stdin', '--tty', '--detach-keys', ctrlPQ));
  first.type('go\r');
  await first.expect(/ready/);
  first.type('\x10');
  await new Promise((resolve) => { setTimeout(resolve, 50); }); // so that the two come in reads of their own
  first.type('\x11');
  t.is(await first.exit, 0);
  const second = openScreen(t, helperPath('skiff-attach'), attachArgs(world, '--stdin', '--tty', '--detach-keys', ctrlPQ));
  // A false start is typed on; with the false start repeated, too.
  second.type('\x10a\x10\x10b\r');
  await second.expect(new RegExp(['<', 'a', '', 'b>'].join(ctrlP)));
  second.type('x\x10\x11not sent\r');
  t.is(await second.exit, 0);
  t.is(killContainer(world.runDir, 9), 'sent');
});

test.serial('the terminal is as it was, however the client ends', async (t) => {
  if (!requires(t, 'userns')) return;
  const attach = helperPath('skiff-attach');
  const ways: [string, (screen: Screen, world: MonitorWorld) => void][] = [
    ['exit', (screen) => screen.type('end\r')],
    ['detach', (screen) => screen.type('\x10\x11')],
    ['SIGTERM', (screen) => process.kill(clientOf(screen), 'SIGTERM')],
    ['SIGHUP', (screen) => process.kill(clientOf(screen), 'SIGHUP')],
    ['kill of the container', (_, world) => { killContainer(world.runDir, 9); }],
  ];
  for (const [name, act] of ways) {
    const world = await startInteractive(t);
    const screen = openScreen(t, '/bin/sh', settings(`${attach} ${attachArgs(world, '--stdin', '--tty', '--detach-keys', ctrlPQ).join(' ')}; echo code=$?`));
    await screen.expect(/[0-9a-f]{32}/);
    screen.type('go\r');
    await screen.expect(/ready/);
    act(screen, world);
    await screen.expect(/code=[^]*[0-9a-f]{32}/);
    await screen.exit;
    const [before, after] = screen.screen().match(/[0-9a-f]{32}/g) ?? [];
    t.is(after, before, name);
    killContainer(world.runDir, 9);
  }
});

/** The only child of the shell in a terminal. */
function clientOf(screen: Screen): number {
  return Number(readFileSync(`/proc/${screen.pid}/task/${screen.pid}/children`, 'latin1').trim().split(' ').at(-1));
}

test.serial('in a pipeline: stdin to its end, both streams apart, exit code', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = world.start({ command: shell('read go; echo err >&2; cat; exit 6'), args: ['--stdin', '--stdin-once'] });
  await run.expectEvent('started');
  const client = attachPiped(t, world, '--stdin');
  const text = 'a line of text\n'.repeat(40_000);
  client.child.stdin?.end(`go\n${text}`);
  t.deepEqual(await client.exit, [6, null]);
  t.is(client.stdout(), text);
  t.is(client.stderr(), 'err\n');
});

test.serial('--no-stdout and --no-stderr leave one out', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = world.start({ command: shell('read go; while :; do echo out; echo err >&2; sleep 0.02; done'), args: ['--stdin'] });
  await run.expectEvent('started');
  const [noStdout, noStderr, none] = [attachPiped(t, world, '--no-stdout'), attachPiped(t, world, '--no-stderr'), attachPiped(t, world, '--no-output', '--stdin')];
  // Nothing is shown to it: that it is attached can be told by what it types, without which nothing is said to the others.
  none.child.stdin?.write('go\n');
  await Promise.all([noStdout.expect(/err/), noStderr.expect(/out/)]);
  t.is(killContainer(world.runDir, 9), 'sent');
  for (const client of [noStdout, noStderr, none]) t.deepEqual(await client.exit, [137, null]);
  t.regex(noStdout.stderr(), /^(err\n)+$/);
  t.is(noStdout.stdout(), '');
  t.regex(noStderr.stdout(), /^(out\n)+$/);
  t.is(noStderr.stderr(), '');
  t.is(none.stdout() + none.stderr(), '');
});

test.serial('--sig-proxy sends signals on; without it they end the client', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  // "ready" again and again: who attaches late sees a later one.
  const run = world.start({ command: shell('trap "echo usr1" USR1; trap "echo hup" HUP; trap "exit 9" TERM; while :; do echo ready; sleep 0.02; done') });
  await run.expectEvent('started');
  const mortal = attachPiped(t, world);
  const proxy = attachPiped(t, world, '--sig-proxy');
  await Promise.all([mortal.expect(/ready/), proxy.expect(/ready/)]);
  mortal.child.kill('SIGINT');
  t.deepEqual(await mortal.exit, [null, 'SIGINT']);
  for (const [signal, word] of [['SIGUSR1', /usr1/], ['SIGHUP', /hup/]] as const) {
    proxy.child.kill(signal);
    await proxy.expect(word);
  }
  proxy.child.kill('SIGTERM');
  t.deepEqual(await proxy.exit, [9, null]);
});

test.serial('a reader that leaves ends the client as it ends any program; the container goes on', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = world.start({ command: shell('read go; i=0; while [ ! -e /left ]; do echo line; sleep 0.005; i=$((i+1)); done; echo $i > /count; exit 3'), args: ['--stdin'] });
  await run.expectEvent('started');
  const client = attachPiped(t, world, '--stdin');
  client.child.stdin?.write('go\n');
  await client.expect(/line/);
  client.child.stdout?.destroy();
  t.deepEqual(await client.exit, [null, 'SIGPIPE']);
  const logged = jsonLines(world.log).length;
  await until(() => jsonLines(world.log).length > logged);
  writeFileSync(join(world.dir, 'rootfs/left'), '');
  await run.ended;
  t.is(world.exitRecord()?.exitCode, 3);
  t.is(jsonLines(world.log).length, Number(readFileSync(join(world.dir, 'rootfs/count'), 'utf8')));
});

test.serial('signals are served while a reader of the output is stuck', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = world.start({ command: shell('trap "exit 9" TERM; read go; yes & while :; do sleep 0.02; done'), args: ['--stdin'] });
  await run.expectEvent('started');
  const client = spawnChild('sh', ['-c', `{ echo go; sleep 1000; } | exec "$@" | sleep 1000`, 'sh', helperPath('skiff-attach'), ...attachArgs(world, '--stdin', '--sig-proxy')], { stdio: 'ignore', detached: true });
  t.teardown(() => { if (client.pid !== undefined) process.kill(-client.pid, 'SIGKILL'); });
  await untilStuck(world.log);
  t.is(killContainer(world.runDir, 0), 'sent');
  process.kill(childNamed(client.pid ?? 0, 'skiff-attach'), 'SIGTERM');
  await until(() => world.exitRecord() !== undefined);
  t.is(world.exitRecord()?.exitCode, 9);
});

/** The process of this name in the process group `group`. */
function childNamed(group: number, name: string): number {
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const match = /^\d+ \((.*)\) \S \d+ (\d+) /.exec(readStat(pid));
    if (match?.[1] === name && Number(match[2]) === group) return Number(pid);
  }
  throw new Error(`no ${name} in group ${group}`);
}

function readStat(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return ''; // ended since it was listed
  }
}

test.serial('a monitor that is killed: 125 and a message, or the exit code where it was recorded', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  writeFileSync(world.exitFile, '{"exitCode":1}'); // of an earlier run
  const run = world.start({ command: shell('while :; do echo tick; sleep 0.02; done') });
  await run.expectEvent('started');
  const plain = attachPiped(t, world);
  const withFile = attachPiped(t, world, '--exit-file', world.exitFile);
  const told = attachPiped(t, world, '--exit-file', join(world.dir, 'other'));
  await Promise.all([plain, withFile, told].map((client) => client.expect(/tick/)));
  writeFileSync(join(world.dir, 'other'), '{"exitCode":42}');
  run.child.kill('SIGKILL');
  t.deepEqual(await plain.exit, [125, null]);
  t.is(plain.stderr(), 'Error: attach: the container\'s monitor has ended without an exit code\n');
  t.deepEqual(await withFile.exit, [125, null]);
  t.deepEqual(await told.exit, [42, null]);
});

test.serial('nobody listens: one line, 125', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const client = attachPiped(t, world);
  t.deepEqual(await client.exit, [125, null]);
  t.is(client.stderr(), `Error: attach to "${join(world.runDir, 'attach')}": No such file or directory\n`);
});

/** A client's end of a connection whose monitor said `exit` and left without reading the client's last packet. */
function hastilyLeft(): number {
  const [client, monitor] = sys().socketpair('seqpacket');
  writeSync(client, packet.stdinEnd);
  writeSync(monitor, `${packet.exit}{"exitCode":143,"oomKilled":false,"startedAt":"2026-01-01T00:00:00Z","finishedAt":"2026-01-01T00:00:01Z","droppedLogBytes":0}`);
  closeSync(monitor);
  return client;
}

test('skiff-attach hears the exit code of a monitor that left without reading its last packet', async (t) => {
  const fd = hastilyLeft();
  const child = spawnChild(helperPath('skiff-attach'), ['--socket-fd', '3', '--hello-sent'], { stdio: ['ignore', 'pipe', 'pipe', fd] });
  closeSync(fd);
  t.deepEqual(await once(child, 'close'), [143, null]);
});

test('a command that waits hears the exit code of a monitor that left without reading its last packet', (t) => {
  const connection = connectionOf(hastilyLeft());
  const result = takeExit(connection);
  connection.close();
  t.is(result?.kind === 'exited' ? result.record.exitCode : result?.kind, 143);
});
