/** Containers with a terminal, whose master side the monitor holds. */
import { join } from 'node:path';
import test from 'ava';
import { resize } from '../../src/runtime/client.ts';
import { packet } from '../../src/runtime/index.ts';
import { drain, everything, makeMonitorWorld, readUntil, sendStdin } from '../helpers/monitor.ts';
import { shell } from '../helpers/monitor-container.ts';
import { requires } from '../helpers/requires.ts';

test.serial('a terminal: one stream, its size is set before and after the start', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = world.start({
    command: shell('stty size; trap "stty size" WINCH; echo ready; while :; do sleep 0.02; done'), terminal: true, args: ['--stdin', '--hold'], client: everything,
  });
  await run.expectEvent('created');
  const body = Buffer.alloc(4);
  body.writeUInt16LE(33, 0);
  body.writeUInt16LE(111, 2);
  run.client!.send(packet.resize, body);
  run.say('start\n');
  await run.expectEvent('started');
  t.is(readUntil(run.client!, (text) => text.endsWith('ready\r\n')), '33 111\r\nready\r\n');
  t.true(resize(world.runDir, 40, 99));
  t.is(readUntil(run.client!, (text) => text.endsWith('\n')), '40 99\r\n');
  t.true(sendStdin(run.client!, Buffer.from('\x03')), 'Ctrl-C');
  t.is(drain(run.client!).exit?.exitCode, 130);
});

test.serial('a terminal\'s last words are not lost', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  for (let round = 0; round < 5; round++) {
    const run = world.start({ command: shell('seq 1 2000; echo last'), terminal: true, client: { stdout: true, exit: true } });
    const seen = drain(run.client!).stdout.toString();
    t.is(seen, `${Array.from({ length: 2000 }, (_, at) => at + 1).join('\r\n')}\r\nlast\r\n`);
    await run.ended;
  }
});

test.serial('a terminal that is closed for a while and opened again is still read', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = world.start({ command: shell('name=$(tty); echo one; exec <&- >&- 2>&-; sleep 0.2; exec >$name; echo two'), terminal: true, client: { stdout: true, exit: true } });
  t.is(drain(run.client!).stdout.toString(), 'one\r\ntwo\r\n');
});

test.serial('a terminal with --stdin-once: the end of stdin is typed as end-of-file', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = world.start({ command: shell('stty -echo; echo ready; cat; echo over'), terminal: true, args: ['--stdin', '--stdin-once'], client: everything });
  await run.expectEvent('started');
  readUntil(run.client!, (text) => text.endsWith('ready\r\n'));
  sendStdin(run.client!, Buffer.from('half a line'));
  run.client!.send(packet.stdinEnd);
  t.is(drain(run.client!).stdout.toString(), 'half a lineover\r\n');
});

test.serial('a run dir with a name longer than a socket address works, with a terminal too', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t, 'a-rather-long-folder-name-'.repeat(5));
  t.true(join(world.runDir, 'attach').length > 200);
  for (const terminal of [false, true]) {
    const run = world.start({ command: shell('read word; echo $word'), terminal, args: ['--stdin'] });
    await run.expectEvent('started');
    const client = world.connect(everything);
    sendStdin(client, Buffer.from('typed\n'));
    t.regex(drain(client).stdout.toString(), /typed\r?\n$/);
    await run.ended;
  }
});
