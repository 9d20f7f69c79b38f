/** A log on a disk without room, or changed by others. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { killContainer } from '../../src/runtime/client.ts';
import { packet } from '../../src/runtime/index.ts';
import { drain, makeMonitorWorld, readType, type MonitorWorld } from '../helpers/monitor.ts';
import { shell } from '../helpers/monitor-container.ts';
import { jsonFile, jsonLines, logged } from '../helpers/monitor-log.ts';
import { requires } from '../helpers/requires.ts';

interface FullDisk { log: string; ballast: string; before: string }

/** A small disk for the log, seen from outside through the monitor's root. */
function fullDisk(world: MonitorWorld, sizeKiB: number): FullDisk {
  mkdirSync(join(world.dir, 'disk'));
  return { log: join(world.dir, 'disk/log'), ballast: join(world.dir, 'disk/ballast'), before: `mount -t tmpfs -o size=${sizeKiB}k none "$1/disk"; head -c ${sizeKiB * 512} /dev/zero > "$1/disk/ballast"` };
}

test.serial('a full disk: the container goes on, what is lost is counted, and told once when there is room again', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const disk = fullDisk(world, 256);
  // 600 KB of output for 128 KiB of room; then, on a word, more of it.
  const run = world.start({
    command: shell('seq 100000 199999; echo full; read word; seq 1 100; echo end; read word'), args: ['--stdin'], log: jsonFile(disk.log), before: disk.before,
    client: { stdin: true, stdout: true, exit: true },
  });
  await run.expectEvent('started');
  const client = run.client!;
  let seen = '';
  const more = (until: string): void => { while (!seen.endsWith(until)) seen += readType(client, packet.stdout).body.toString(); };
  more('full\n');
  const root = `/proc/${run.pid}/root`;
  rmSync(root + disk.ballast);
  client.send(packet.stdin, Buffer.from('go\n'));
  more('end\n');
  const text = logged(root + disk.log, 'stdout').toString();
  const notices = jsonLines(root + disk.log).filter(({ stream }) => stream === 'stderr');
  t.is(notices.length, 1);
  const told = Number(/^skiff: (\d+) bytes of output were not logged: No space left on device\n$/.exec(notices[0]?.log ?? '')?.[1]);
  t.is(told + text.length, seen.length);
  t.true(told > 300_000);
  t.true(text.endsWith(`${Array.from({ length: 100 }, (_, at) => at + 1).join('\n')}\nend\n`), 'what came after is complete');
  t.true(text.startsWith('100000\n100001\n'));
  t.is(killContainer(world.runDir, 9), 'sent');
  t.is(drain(client).exit?.droppedLogBytes, told);
  await run.ended;
  t.is(world.exitRecord()?.droppedLogBytes, told);
});

test.serial('a disk that stays full: the count is in the exit record, and no entry is torn', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const disk = fullDisk(world, 64);
  const keep = join(world.dir, 'keep');
  // Lines of all lengths, so that the disk is full in the middle of one. The copy is made while the mount is still there.
  const record = await world.run({
    command: shell('i=1; while [ $i -lt 500 ]; do echo $i; head -c $((i % 700)) /dev/zero | tr "\\0" q; echo; i=$((i + 1)); done; head -c 100000 /dev/zero | tr "\\0" w'), log: jsonFile(disk.log),
    before: disk.before, args: ['--cleanup', '/bin/cp', '--cleanup', disk.log, '--cleanup', keep],
  });
  const kept = readFileSync(keep, 'utf8');
  t.true(kept.endsWith('\n'));
  const lines = kept.trimEnd().split('\n').map((line) => JSON.parse(line) as { log: string });
  const total = Array.from({ length: 499 }, (_, at) => String(at + 1).length + 2 + ((at + 1) % 700)).reduce((sum, size) => sum + size, 0) + 100_000;
  t.is(lines.reduce((sum, { log }) => sum + log.length, 0) + record.droppedLogBytes, total);
  t.true(record.droppedLogBytes > 0);
});

test.serial('a log that somebody emptied is written on from its start', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = world.start({ command: shell('echo before; read word; echo after'), args: ['--stdin'], client: { stdin: true, stdout: true, exit: true } });
  await run.expectEvent('started');
  readType(run.client!, packet.stdout);
  writeFileSync(world.log, '');
  run.client!.send(packet.stdin, Buffer.from('go\n'));
  drain(run.client!);
  t.deepEqual(jsonLines(world.log).map(({ log }) => log), ['after\n']);
});
