/** A container's end as its monitor reports it: exit codes, signals, records. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { connectMonitor, killContainer, takeExit, waitExit } from '../../src/runtime/client.ts';
import { packet } from '../../src/runtime/index.ts';
import { until } from '../helpers/deadline.ts';
import { makeMonitorWorld, readType } from '../helpers/monitor.ts';
import { jsonLines } from '../helpers/monitor-log.ts';
import { lives, shell, startWaiting, waiting } from '../helpers/monitor-container.ts';
import { requires } from '../helpers/requires.ts';

const exits: [string, string, number][] = [
  ['exit 0', 'exit 0', 0], ['exit 3', 'exit 3', 3], ['exit 255', 'exit 255', 255], ['SIGKILL', 'sh -c "kill -KILL \\$\\$"; exit $?', 137],
  ['SIGTERM in a trap', 'trap "exit 9" TERM; kill -TERM $$', 9],
];
for (const [name, script, code] of exits) {
  test.serial(`the exit record tells ${name} as ${code}`, async (t) => {
    if (!requires(t, 'userns')) return;
    const world = makeMonitorWorld(t);
    const record = await world.run({ command: shell(script) });
    t.is(record.exitCode, code);
    t.false(record.oomKilled);
    t.is(record.droppedLogBytes, 0);
    t.regex(record.startedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
    t.true(record.finishedAt >= record.startedAt);
    t.false(world.lockHeld());
    t.false(existsSync(world.runDir));
  });
}

test.serial('a signal that ends the first process is told as 128 and its number', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = await startWaiting(world);
  t.is(killContainer(world.runDir, 9), 'sent');
  await run.ended;
  t.is(world.exitRecord()?.exitCode, 137);
});

test.serial('SIGTERM to the monitor is sent on to the container; a hang-up is not', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = await startWaiting(world);
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGPIPE', 'SIGQUIT'] as const) process.kill(run.pid, signal);
  t.deepEqual(waitExit(world.runDir, 200), { kind: 'timeout' });
  process.kill(run.pid, 'SIGTERM');
  await run.ended;
  t.is(world.exitRecord()?.exitCode, 9);
});

test.serial('a killed monitor: the lock is free, and what it left can be found and ended', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = await startWaiting(world);
  const pid = run.container;
  run.child.kill('SIGKILL');
  await run.ended;
  t.false(world.lockHeld());
  t.is(connectMonitor(world.runDir), undefined);
  t.deepEqual(waitExit(world.runDir), { kind: 'gone' });
  t.is(killContainer(world.runDir, 15), 'ended');
  t.true(lives(pid));
  const state = JSON.parse(readFileSync(join(world.runDir, 'state.json'), 'utf8')) as { pid: number };
  t.is(state.pid, pid);
  process.kill(state.pid, 'SIGKILL');
  await until(() => !lives(pid));
});

test.serial('--timeout ends the container', async (t) => {
  if (!requires(t, 'userns')) return;
  const record = await makeMonitorWorld(t).run({ command: waiting, args: ['--timeout', '1'] });
  t.is(record.exitCode, 137);
});

test.serial('everyone who waits is told the exit code after all is cleaned up', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = await startWaiting(world);
  const waits = [1, 2, 3].map(() => world.connect({ exit: true }));
  t.is(killContainer(world.runDir, 15), 'sent');
  for (const wait of waits) {
    let result = takeExit(wait);
    while (result === undefined) result = takeExit(wait);
    t.false(world.lockHeld());
    t.false(existsSync(world.runDir));
    t.is(result.kind === 'exited' ? result.record.exitCode : undefined, 9);
  }
  await run.ended;
});

test.serial('a signal to all processes reaches those that are not first', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = await startWaiting(world);
  t.is(killContainer(world.runDir, 9, true), 'sent');
  await run.ended;
  t.is(world.exitRecord()?.exitCode, 137);
});

test.serial('a signal that is none is refused with the errno', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  await startWaiting(world);
  t.throws(() => killContainer(world.runDir, 99), { message: /errno 22/ });
  t.is(killContainer(world.runDir, 0), 'sent', 'signal 0 asks whether it runs');
});

test.serial('processes of a container in the host\'s pid namespace end with its first, and hold nothing up', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const stray = `sleep 7777${process.pid}`; // nobody else's
  const namespaces = ['ipc', 'uts', 'mount', 'network'].map((type) => ({ type }));
  const record = await world.run({
    // Both have the pipe of stdout; the second is the child of the first.
    command: shell(`setsid sh -c "echo stray; ${stray} & : > /started; ${stray}" & while [ ! -e /started ]; do sleep 0.01; done; exit 3`), client: { stdout: true, exit: true },
    config: (config) => { config['linux'] = { namespaces }; config['mounts'] = []; },
  });
  t.is(record.exitCode, 3);
  t.deepEqual(jsonLines(world.log).map(({ log }) => log), ['stray\n']);
  const left = spawnSync('pgrep', ['-u', String(process.getuid?.()), '-fx', stray], { encoding: 'utf8' });
  t.is(left.stdout, '');
});

test.serial('an OOM kill in the container\'s cgroup is told in the record', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const runtime = join(world.dir, 'runtime.sh');
  // No memory controller is to be had without privilege: a runtime of our own puts its process into a made-up cgroup.
  writeFileSync(runtime, `#!/bin/sh
    case " $* " in *" delete "*) exit 0 ;; esac
    while [ "$1" != --pid-file ]; do shift; done
    sh -c 'while [ ! -e ${world.dir}/go ]; do sleep 0.02; done; kill -KILL $$' &
    mount -t tmpfs none /sys/fs/cgroup && mkdir /sys/fs/cgroup/box && printf 'low 0\\noom 0\\noom_kill 0\\n' > /sys/fs/cgroup/box/memory.events || exit 1
    echo 0::/box > ${world.dir}/cgroup; mount --bind ${world.dir}/cgroup /proc/$!/cgroup || exit 1
    echo $! > "$2"`);
  chmodSync(runtime, 0o755);
  for (const kills of [0, 1]) {
    const run = world.start({ command: ['/bin/true'], runtime });
    await run.expectEvent('started');
    writeFileSync(`/proc/${run.pid}/root/sys/fs/cgroup/box/memory.events`, `low 0\noom ${kills}\noom_kill ${kills}\noom_group_kill 0\n`);
    writeFileSync(join(world.dir, 'go'), '');
    await run.ended;
    t.is(world.exitRecord()?.exitCode, 137);
    t.is(world.exitRecord()?.oomKilled, kills === 1);
    rmSync(join(world.dir, 'go'));
  }
});

test.serial('the monitor keeps to less than 300 KiB of private memory', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = world.start({ command: shell('seq 1 100000; seq 1 100000 >&2; echo ready; while :; do sleep 0.05; done'), client: { stdout: true } });
  await run.expectEvent('started');
  for (let text = ''; !text.endsWith('ready\n');) text = (text + readType(run.client!, packet.stdout).body.toString()).slice(-100);
  await until(() => jsonLines(world.log).length === 200_001);
  const dirty = /^Private_Dirty:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${run.pid}/smaps_rollup`, 'utf8'));
  t.log(`Private_Dirty ${dirty?.[1]} KiB`);
  if (process.env['SKIFF_HELPERS_DIR'] === undefined) t.true(Number(dirty?.[1]) < 300);
});
