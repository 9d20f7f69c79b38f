/** A runtime that is started before its bundle is there: --await-bundle. */
import { chmodSync, existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { until } from '../helpers/deadline.ts';
import { containerID, makeMonitorWorld, type MonitorOptions, type MonitorRun, type MonitorWorld } from '../helpers/monitor.ts';
import { lives } from '../helpers/monitor-container.ts';
import { jsonLines } from '../helpers/monitor-log.ts';
import { requires } from '../helpers/requires.ts';

const greeting: MonitorOptions = { command: ['/bin/echo', 'hello'], awaitBundle: true };
const early = (world: MonitorWorld): string => join(world.runDir, 'runtime.json');

/** The OCI runtime that waits for its bundle in `path`. */
async function waitingRuntime(run: MonitorRun, path: string): Promise<number> {
  let found: number | undefined;
  await until(() => (found = childrenOf(run.pid).find((pid) => readsFrom(pid, path))) !== undefined, () => `no child of ${run.pid} reads ${path}: ${run.stderr()}`);
  return found ?? 0;
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').filter((word) => word !== '').map(Number);
}

/** By what it was told; one that sleeps has nothing else to wait for. */
function readsFrom(pid: number, path: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').includes(path) && /^State:\tS/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false; // it has just ended
  }
}

async function startEarly(t: ExecutionContext, options: MonitorOptions = greeting): Promise<{ world: MonitorWorld; run: MonitorRun; runtime: number }> {
  const world = makeMonitorWorld(t);
  const run = world.start(options);
  return { world, run, runtime: await waitingRuntime(run, early(world)) };
}

test.serial('the runtime waits for the bundle, and makes the container of what is in it', async (t) => {
  if (!requires(t, 'userns')) return;
  const { world, run } = await startEarly(t);
  t.true(lstatSync(early(world)).isFIFO());
  t.false(existsSync(join(world.runDir, 'config.json')));
  run.writeBundle();
  await run.expectEvent('started');
  t.is((await run.ended).code, 0);
  t.deepEqual(jsonLines(world.log).map(({ log }) => log), ['hello\n']);
});

test.serial('with --hold, it waits for both words', async (t) => {
  if (!requires(t, 'userns')) return;
  const { world, run } = await startEarly(t, { ...greeting, args: ['--hold'] });
  run.writeBundle();
  await run.expectEvent('created');
  t.true(lstatSync(early(world)).isFile());
  t.false(existsSync(world.log) && readFileSync(world.log, 'utf8') !== '');
  run.say('start\n');
  await run.expectEvent('started');
  t.is((await run.ended).code, 0);
});

test.serial('a bundle that is told of at once', async (t) => {
  if (!requires(t, 'userns')) return;
  const run = makeMonitorWorld(t).start(greeting);
  run.writeBundle();
  await run.expectEvent('started');
  t.is((await run.ended).code, 0);
});

test.serial('a bundle too large for a FIFO is read all the same', async (t) => {
  if (!requires(t, 'userns')) return;
  const large = 3 << 20;
  const { world, run, runtime } = await startEarly(t, { ...greeting, config: (config) => { config['annotations'] = { large: 'x'.repeat(large) }; } });
  run.writeBundle();
  await run.expectEvent('started');
  t.false(lives(runtime), 'the one that waited has been ended');
  t.is((await run.ended).code, 0);
  t.deepEqual(jsonLines(world.log).map(({ log }) => log), ['hello\n']);
});

test.serial('an error of the runtime is told as ever', async (t) => {
  if (!requires(t, 'userns')) return;
  const { run } = await startEarly(t, { ...greeting, command: ['/bin/nothing'] });
  run.writeBundle();
  t.regex(String((await run.expectEvent('error'))['stderr']), /nothing/);
});

test.serial('another runtime is started when the bundle is there', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const runtime = join(world.dir, 'runtime.sh');
  writeFileSync(runtime, `#!/bin/sh\ntest -s ${world.runDir}/config.json || exit 9\nexec crun --root ${world.dir}/state --cgroup-manager disabled "$@"\n`);
  chmodSync(runtime, 0o755);
  const run = world.start({ ...greeting, runtime });
  await until(() => existsSync(join(world.runDir, 'attach')));
  t.false(existsSync(early(world)));
  run.writeBundle();
  await run.expectEvent('started');
  t.is((await run.ended).code, 0);
});

test.serial('where the command goes without a bundle all is as it was', async (t) => {
  if (!requires(t, 'userns')) return;
  const container = (world: MonitorWorld): string => join(world.dir, 'container');
  const world = makeMonitorWorld(t);
  writeFileSync(container(world), 'stays');
  const run = world.start({ ...greeting, args: ['--remove', container(world)] });
  const runtime = await waitingRuntime(run, early(world));
  run.closeStatus();
  t.is((await run.ended).code, 1);
  t.false(lives(runtime));
  t.false(world.lockHeld());
  t.false(existsSync(join(world.runDir, 'attach')));
  t.true(existsSync(container(world)), 'what --remove names is for a container that has been made');
  t.is(run.stderr(), '');
});

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  test.serial(`${signal} of the monitor ends the runtime that waits`, async (t) => {
    if (!requires(t, 'userns')) return;
    const { world, run, runtime } = await startEarly(t);
    process.kill(run.pid, signal);
    await run.ended;
    await until(() => !lives(runtime), () => `${runtime} lives`);
    t.false(world.lockHeld());
    t.false(existsSync(join(world.dir, 'state', containerID)), 'no container');
    // And the next one takes its place.
    const next = world.start(greeting);
    next.writeBundle();
    await next.expectEvent('started');
    t.is((await next.ended).code, 0);
  });
}
