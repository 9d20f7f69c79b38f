/** Many clients of one monitor, slow ones, vanished ones, broken ones. */
import { closeSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { sys } from '../../src/host/sys.ts';
import { killContainer } from '../../src/runtime/client.ts';
import { packet } from '../../src/runtime/index.ts';
import { deadlineMs } from '../helpers/deadline.ts';
import { drain, everything, makeMonitorWorld, readType, readUntil, sendStdin } from '../helpers/monitor.ts';
import { shell } from '../helpers/monitor-container.ts';
import { jsonLines, untilStuck } from '../helpers/monitor-log.ts';
import { requires } from '../helpers/requires.ts';

test.serial('two clients see the same, and what one types reaches the container', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = world.start({ command: ['/bin/cat'], args: ['--stdin'] });
  await run.expectEvent('started');
  const first = world.connect(everything);
  const second = world.connect(everything);
  for (const client of [first, second]) readType(client, packet.ready);
  t.true(sendStdin(first, Buffer.from('from one\n')));
  for (const client of [first, second]) t.is(readUntil(client, (text) => text.endsWith('\n')), 'from one\n');
  t.true(sendStdin(second, Buffer.from('from two\n')));
  for (const client of [first, second]) t.is(readUntil(client, (text) => text.endsWith('\n')), 'from two\n');
  second.send(packet.stdinEnd); // means nothing without --stdin-once
  t.true(sendStdin(first, Buffer.from('still here\n')));
  t.is(readUntil(first, (text) => text.endsWith('\n')), 'still here\n');
  t.is(killContainer(world.runDir, 9), 'sent');
  t.is(drain(first).exit?.exitCode, 137);
  t.is(drain(second).exit?.exitCode, 137);
});

test.serial('a container that closes its stdin: clients are told to stop', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = world.start({ command: shell('exec <&-; echo closed; while :; do sleep 0.05; done'), args: ['--stdin'], client: everything });
  await run.expectEvent('started');
  readUntil(run.client!, (text) => text === 'closed\n');
  t.false(sendStdin(run.client!, Buffer.from('into the void')));
  t.is(killContainer(world.runDir, 9), 'sent');
});

test.serial('a client that does not read stops the container, loses nothing, and costs nothing', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = world.start({ command: ['/bin/seq', '1', '1000000'], client: { stdout: true, exit: true } });
  await run.expectEvent('started');
  await untilStuck(world.log);
  t.true(statSync(world.log).size < 10_000_000, 'it is stopped long before its end');
  const dirty = Number(/^Private_Dirty:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${run.pid}/smaps_rollup`, 'utf8'))?.[1]);
  if (process.env['SKIFF_HELPERS_DIR'] === undefined) t.true(dirty < 300, `${dirty} KiB`);
  const seen = drain(run.client!);
  t.is(seen.stdout.toString(), `${Array.from({ length: 1_000_000 }, (_, at) => at + 1).join('\n')}\n`);
  t.is(seen.exit?.exitCode, 0);
});

test.serial('a slow client delays neither the end nor the others; it gets all it is owed, then the exit code', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = world.start({ command: shell('seq 1 1000000 & read word; exit 4'), args: ['--stdin'], client: { stdout: true, exit: true } });
  const { pid } = await run.expectEvent('started') as { pid: number };
  const waiter = world.connect({ exit: true });
  const typist = world.connect({ stdin: true });
  for (const client of [waiter, typist]) readType(client, packet.ready);
  await untilStuck(world.log);
  typist.send(packet.stdin, Buffer.from('go\n'));
  const end = readType(waiter, packet.exit);
  t.is((JSON.parse(end.body.toString()) as { exitCode: number }).exitCode, 4);
  t.false(world.lockHeld());
  t.false(existsSync(world.runDir));
  t.is(world.exitRecord()?.exitCode, 4);
  t.false(existsSync(`/proc/${pid}`));
  const log = jsonLines(world.log).map(({ log: text }) => text).join('');
  const seen = drain(run.client!);
  t.is(seen.stdout.toString(), log);
  t.true(log.startsWith('1\n2\n3\n') && log.length > 100_000);
  t.is(seen.exit?.exitCode, 4);
  t.is((await run.ended).code, 4);
});

test.serial('clients that vanish are forgotten', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = world.start({ command: shell('while :; do echo tick; sleep 0.01; done'), log: ['--log-driver', 'none'] });
  await run.expectEvent('started');
  for (let round = 0; round < 600; round++) {
    const connection = sys().connectSeqpacket(join(world.runDir, 'attach'));
    // Half of them with a hello, or with a broken one.
    if (round % 2 === 0) writeFileSync(connection, Buffer.from(round % 4 === 0 ? 'h\x0e' : 'hello?'));
    closeSync(connection);
  }
  const client = world.connect({ stdout: true, exit: true });
  readUntil(client, (text) => text.includes('tick\n'));
  t.is(killContainer(world.runDir, 9), 'sent');
  t.is(drain(client).exit?.exitCode, 137);
});

test.serial('more clients than there are places: the last are turned away, the first are served', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = world.start({ command: shell('read word; echo done'), args: ['--stdin'] });
  await run.expectEvent('started');
  const clients = Array.from({ length: 260 }, () => world.connect({ stdin: true, stdout: true, exit: true }));
  readType(clients[0]!, packet.ready);
  t.is(clients.at(-1)?.receive(), undefined);
  clients[0]?.send(packet.stdin, Buffer.from('go\n'));
  for (const client of clients.slice(0, 256)) t.is(drain(client).stdout.toString(), 'done\n');
});

test.serial('a packet that is not of the protocol ends the connection, and only that', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = world.start({ command: shell('while :; do sleep 0.05; done'), args: ['--stdin'] });
  await run.expectEvent('started');
  const wrong: [string, Uint8Array][] = [['h', Buffer.from('too long')], ['?', Buffer.alloc(0)], ['i', Buffer.from('no hello')], ['w', Buffer.alloc(3)], ['k', Buffer.alloc(0)], ['i', Buffer.alloc(60_000)]];
  for (const [type, body] of wrong) {
    const fd = sys().connectSeqpacket(join(world.runDir, 'attach'));
    writeFileSync(fd, Buffer.concat([Buffer.from(type), body]));
    t.deepEqual(sys().poll([fd], deadlineMs), [fd], `'${type}'`);
    t.is(readFileSync(fd).length, 0, `'${type}'`);
    closeSync(fd);
  }
  t.is(killContainer(world.runDir, 9), 'sent');
});
