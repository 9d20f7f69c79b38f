/** The attach protocol against the real monitor: stdin and output, whole and in order. */
import { closeSync } from 'node:fs';
import test from 'ava';
import { sys } from '../../src/host/sys.ts';
import { helloPacket } from '../../src/runtime/client.ts';
import { packet } from '../../src/runtime/index.ts';
import { drain, everything, makeMonitorWorld, readType, readUntil, sendStdin } from '../helpers/monitor.ts';
import { shell } from '../helpers/monitor-container.ts';
import { jsonLines } from '../helpers/monitor-log.ts';
import { requires } from '../helpers/requires.ts';

test.serial('a client that was there before the container misses nothing', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  for (let round = 0; round < 5; round++) {
    const run = world.start({ command: shell('echo out; echo err >&2; exit 3'), client: everything });
    const seen = drain(run.client!);
    t.is(seen.stdout.toString(), 'out\n');
    t.is(seen.stderr.toString(), 'err\n');
    t.is(seen.exit?.exitCode, 3);
    await run.ended;
  }
});

test.serial('output waits for the hello of the client that was there first', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = world.start({ command: shell('echo early; read word'), args: ['--stdin'], client: 'silent' }); // it does not end before
  await run.expectEvent('started');
  const hasty = world.connect({ stdout: true });
  readType(hasty, packet.ready);
  t.is(sys().poll([hasty.fd], 200).length, 0);
  run.client!.send(packet.hello, helloPacket({ stdin: true, stdout: true, exit: true }).subarray(1));
  run.client!.send(packet.stdin, Buffer.from('go\n'));
  t.is(drain(run.client!).stdout.toString(), 'early\n');
  t.is(drain(hasty).stdout.toString(), 'early\n');
});

test.serial('a first client that goes without a word holds nothing up', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = world.start({ command: shell('echo early'), client: 'silent' });
  await run.expectEvent('started');
  run.client!.close();
  Object.assign(run.client!, { close: () => undefined });
  await run.ended;
  t.deepEqual(jsonLines(world.log).map(({ log }) => log), ['early\n']);
});

test.serial('--stdin-once: the end of stdin is the container\'s, after all that was typed', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = world.start({ command: shell('cat; echo over'), args: ['--stdin', '--stdin-once'], client: everything });
  await run.expectEvent('started');
  const text = 'line\n'.repeat(100_000);
  let seen = '';
  for (let at = 0, owed = false, ended = false; !seen.endsWith('over\n');) {
    if (!owed && at < text.length) {
      run.client!.send(packet.stdin, Buffer.from(text.slice(at, at + 30_000)));
      at += 30_000;
      owed = true;
    } else if (!owed && !ended) {
      run.client!.send(packet.stdinEnd);
      ended = true;
    }
    const got = run.client!.receive();
    if (got?.type === packet.credit) owed = false;
    if (got?.type === packet.stdout) seen += got.body.toString();
  }
  t.is(seen, `${text}over\n`);
  t.is(drain(run.client!).exit?.exitCode, 0);
});

test.serial('--stdin-once: a client that vanishes ends the container\'s stdin', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = world.start({ command: shell('cat; echo over'), args: ['--stdin', '--stdin-once'] });
  await run.expectEvent('started');
  const client = world.connect(everything);
  t.true(sendStdin(client, Buffer.from('typed\n')));
  sys().poll([], 0);
  const { fd } = client;
  const watcher = world.connect({ stdout: true, exit: true });
  readType(watcher, packet.ready);
  closeSync(fd);
  drain(watcher);
  await run.ended;
  t.deepEqual(jsonLines(world.log).map(({ log }) => log), ['typed\n', 'over\n']);
  t.is(world.exitRecord()?.exitCode, 0);
  // Closed above; the helper closes what it has connected.
  Object.assign(client, { close: () => undefined });
});

test.serial('without --stdin the container reads an end at once', async (t) => {
  if (!requires(t, 'userns')) return;
  const record = await makeMonitorWorld(t).run({ command: shell('cat; exit 5') });
  t.is(record.exitCode, 5);
});

test.serial('any byte passes stdin and stdout', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = world.start({ command: ['/bin/cat'], args: ['--stdin', '--stdin-once'], client: everything });
  await run.expectEvent('started');
  const bytes = Buffer.from(Array.from({ length: 20_000 }, (_, at) => (at * 7 + (at >> 8)) & 255));
  sendStdin(run.client!, bytes);
  run.client!.send(packet.stdinEnd);
  t.deepEqual(drain(run.client!).stdout, bytes);
});

test.serial('signals pass while stdin is stuck', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = world.start({ command: shell('trap "exit 9" TERM; echo ready; while :; do sleep 0.05; done'), args: ['--stdin'], client: everything });
  await run.expectEvent('started');
  const client = run.client!;
  readUntil(client, (text) => text === 'ready\n');
  // A pipe holds 64 KiB: the third packet is not taken.
  for (let sent = 0; sent < 3; sent++) {
    client.send(packet.stdin, Buffer.alloc(32_000));
    if (sent < 2) readType(client, packet.credit);
  }
  t.is(sys().poll([client.fd], 200).length, 0, 'no more is welcome');
  client.send(packet.kill, Uint8Array.of(15));
  t.is(readType(client, packet.answer).body.readInt32LE(0), 0);
  t.is(drain(client).exit?.exitCode, 9);
});
