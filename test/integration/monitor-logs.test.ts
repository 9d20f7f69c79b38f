/** What the monitor makes of a container's output: formats, rotation, bytes that are no text. */
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parseJsonLine, parseK8sLine } from '../../src/container/logs/entry.ts';
import { packet } from '../../src/runtime/index.ts';
import { until } from '../helpers/deadline.ts';
import { drain, everything, makeMonitorWorld, sendStdin } from '../helpers/monitor.ts';
import { lives, shell } from '../helpers/monitor-container.ts';
import { jsonFile, jsonLines, k8sFile, logFiles, logged, numbers, rawLines } from '../helpers/monitor-log.ts';
import { requires } from '../helpers/requires.ts';

test.serial('json-file: an entry is what Docker writes, byte for byte', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  await world.run({ command: shell(String.raw`printf 'tab\tquote"back\\<b>&\r\033[0m\n'; printf 'é€😀\342\200\250\n' >&2`) });
  const lines = rawLines(world.log).map(String).toSorted();
  t.is(lines.length, 2);
  const time = String.raw`"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z"`;
  const of = (stream: string): string => lines.find((line) => line.includes(`"stream":"${stream}"`)) ?? '';
  t.is(of('stdout').replace(new RegExp(time), 'TIME'), String.raw`{"log":"tab\u0009quote\"back\\\u003cb\u003e\u0026\r\u001b[0m\n","stream":"stdout",TIME}`);
  t.is(of('stderr').replace(new RegExp(time), 'TIME'), String.raw`{"log":"é€😀\u2028\n","stream":"stderr",TIME}`);
  t.false(/\.\d*0Z"/.test(lines.join('')), 'no zeros at the end of the fraction');
});

test.serial('json-file: lines over 16 KiB come in parts, cut between characters; the last has the newline', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  await world.run({ command: shell(`head -c 40000 /dev/zero | tr '\\0' x; echo; printf a; i=0; while [ $i -lt 400 ]; do printf €€€€€€€€€€€€€€€€€€€€; i=$((i+1)); done; echo; printf 'no newline'`) });
  const logs = jsonLines(world.log).map(({ log }) => log);
  t.deepEqual(logs.slice(0, 3).map((log) => [Buffer.byteLength(log), log.endsWith('\n')]), [[16384, false], [16384, false], [7233, true]]);
  const euros = logs.slice(3, -1);
  t.deepEqual(euros.map((log) => [Buffer.byteLength(log), log.endsWith('\n')]), [[16384, false], [7618, true]]);
  t.is(euros.join(''), `a${'€'.repeat(8000)}\n`);
  t.is(logs.at(-1), 'no newline');
});

test.serial('what has no newline is logged when nothing more comes: whole characters, and the rest of the line later', async (t) => {
  if (!requires(t, 'userns')) return;
  for (const [log, parse] of [[jsonFile, parseJsonLine], [k8sFile, parseK8sLine]] as const) {
    const world = makeMonitorWorld(t);
    const run = world.start({ command: shell(String.raw`printf 'prompt> \342\202'; read go; printf '\254 answer\nlast'; read go`), log: log(world.log), args: ['--stdin'], client: everything });
    await run.expectEvent('started');
    await until(() => existsSync(world.log) && logged(world.log, 'stdout', parse).length > 0);
    t.is(logged(world.log, 'stdout', parse).toString(), 'prompt> ');
    sendStdin(run.client!, Buffer.from('\n'));
    await until(() => logged(world.log, 'stdout', parse).toString().endsWith('last'));
    run.client!.send(packet.stdin, Buffer.from('\n'));
    await run.ended;
    t.is(logged(world.log, 'stdout', parse).toString(), 'prompt> € answer\nlast');
    t.true(rawLines(world.log).length <= 4, 'a few parts, no more');
  }
});

test.serial('bytes that are no UTF-8 survive a round trip through json-file, and the file stays JSON that Docker reads', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const all = Buffer.concat([
    Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)), Buffer.from([0xc3, 0x28, 0xed, 0xa0, 0x80, 0xf4, 0x90, 0x80, 0x80, 0xc0, 0xaf, 0xe2, 0x82, 10, 0xf0, 0x9f, 0x98]),
    Buffer.from('😀\ufffd€'), Buffer.alloc(30_000, 0xff),
  ]);
  writeFileSync(join(world.dir, 'rootfs/bytes'), all);
  await world.run({ command: ['/bin/cat', '/bytes'] });
  t.deepEqual(logged(world.log, 'stdout'), all);
  for (const line of rawLines(world.log)) {
    t.notThrows(() => { new TextDecoder('utf-8', { fatal: true }).decode(line); });
    t.notThrows(() => { JSON.parse(line.toString()); });
  }
});

test.serial('k8s-file: CRI lines, bytes as they are', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  await world.run({ command: shell(String.raw`printf 'one\n\377\000\n'; head -c 20000 /dev/zero | tr '\0' y; echo; printf rest; printf 'err\n' >&2`), log: k8sFile(world.log) });
  const lines = rawLines(world.log);
  for (const line of lines) t.regex(line.toString('latin1'), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z (stdout|stderr) [FP] /);
  const out = lines.map((line) => line.toString('latin1').slice(31)).filter((line) => line.startsWith('stdout'));
  t.deepEqual(out, ['stdout F one', 'stdout F \xff\0', `stdout P ${'y'.repeat(16384)}`, `stdout F ${'y'.repeat(3616)}`, 'stdout P rest']);
  t.is(logged(world.log, 'stderr', parseK8sLine).toString(), 'err\n');
});

test.serial('a million numbered lines through rotation: none is lost, none comes twice', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  await world.run({ command: ['/bin/seq', '1', '1000000'], log: jsonFile(world.log, 'max-size=4m', 'max-file=100') });
  t.true(logFiles(world.log).length > 10);
  t.deepEqual(numbers(world.log), { first: 1, last: 1_000_000, count: 1_000_000 });
});

test.serial('max-file keeps the newest files, each little over max-size', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  for (const maxFile of [3, 1]) {
    rmSync(world.log, { force: true });
    const record = await world.run({ command: ['/bin/seq', '1', '20000'], log: jsonFile(world.log, 'max-size=100k', `max-file=${maxFile}`) });
    t.is(record.droppedLogBytes, 0);
    const files = logFiles(world.log);
    t.is(files.length, maxFile);
    for (const file of files) t.true(statSync(file).size <= 100 * 1024 + 200);
    t.is(numbers(world.log).last, 20_000);
    t.false(existsSync(`${world.log}.new`));
    for (const file of files) rmSync(file);
  }
});

test.serial('a log is continued by the next run, and an entry that a killed monitor left half-written is cut off', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  await world.run({ command: ['/bin/seq', '1', '3'] });
  writeFileSync(world.log, '{"log":"4\\n","stre', { flag: 'a' });
  writeFileSync(`${world.log}.new`, '');
  await world.run({ command: ['/bin/seq', '4', '6'] });
  t.deepEqual(numbers(world.log), { first: 1, last: 6, count: 6 });
  t.false(existsSync(`${world.log}.new`));
});

test.serial('a monitor killed at any moment leaves whole entries, in order', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  for (const delayMs of [0, 3, 7, 15, 30]) {
    const run = world.start({ command: ['/bin/seq', '1', '100000000'], log: jsonFile(world.log, 'max-size=64k', 'max-file=5') });
    const { pid } = await run.expectEvent('started') as { pid: number };
    await new Promise((resolve) => { setTimeout(resolve, delayMs); });
    run.child.kill('SIGKILL');
    await run.ended;
    // It writes to a pipe without a reader now.
    await until(() => !lives(pid));
    // The next run mends the end.
    rmSync(join(world.dir, 'state'), { recursive: true, force: true });
    await world.run({ command: ['/bin/true'], log: jsonFile(world.log, 'max-size=64k', 'max-file=5') });
    t.notThrows(() => numbers(world.log));
    for (const file of logFiles(world.log)) rmSync(file);
  }
});

test.serial('a log that can\'t be opened is an error, and nothing is started', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const log = join(world.dir, 'missing/log');
  const run = world.start({ command: ['/bin/true'], log: jsonFile(log) });
  t.deepEqual(await run.expectEvent('error'), { event: 'error', op: 'open the log', arg: log, errno: 2 });
});

test.serial('an option that the driver does not know is refused', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = world.start({ command: ['/bin/true'], log: jsonFile(world.log, 'max-sise=1m') });
  t.is((await run.ended).code, 125);
  t.regex(run.stderr(), /unknown option "max-sise"/);
});

test.serial('none writes nothing, and clients still get the output', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = world.start({ command: shell('echo one; echo two >&2'), log: ['--log-driver', 'none'], client: { stdout: true, stderr: true, exit: true } });
  await run.expectEvent('started');
  const seen = drain(run.client!);
  t.is(`${seen.stdout}${seen.stderr}`, 'one\ntwo\n');
  t.false(existsSync(world.log));
});

test.serial('passthrough: the container has the monitor\'s own streams', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  writeFileSync(join(world.dir, 'in'), 'typed\n');
  const record = await world.run({
    command: shell('cat; echo err >&2; exit 5'), log: ['--log-driver', 'passthrough'], before: 'exec <"$1/in" >"$1/out" 2>"$1/err"',
  });
  t.is(record.exitCode, 5);
  t.is(readFileSync(join(world.dir, 'out'), 'utf8'), 'typed\n');
  t.is(readFileSync(join(world.dir, 'err'), 'utf8'), 'err\n');
});
