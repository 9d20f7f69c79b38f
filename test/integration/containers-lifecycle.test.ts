/** From create to rm: what containers do, and what is shown of it. */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { auditStore, settle } from '../helpers/audit.ts';
import { until } from '../helpers/deadline.ts';
import { importBusybox } from '../helpers/images.ts';
import { makeWorld, type Running, type World } from '../helpers/world.ts';

const sleeper = ['--network', 'none', 'base', 'sleep', '100000'];
const stubborn = ['--network', 'none', 'base', 'sh', '-c', 'trap "" TERM; echo ready; while true; do sleep 1; done'];

/** Follows the log of a container whose program is ready. */
async function untilReady(world: World, name: string): Promise<Running> {
  const following = world.start(['logs', '-f', name]);
  await following.waitFor(/ready/);
  return following;
}

test('a detached container lives on after the command and ends with stop', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const id = world.ok('run', '-d', '--name', 'web', ...sleeper);
  t.regex(id, /^[0-9a-f]{64}$/);
  t.is(world.ok('ps', '--format', '{{.Names}} {{.State}}'), 'web running');
  t.is(world.ok('stop', '-t', '0', 'web'), 'web');
  t.is(world.ok('ps', '-q'), '');
  t.regex(world.ok('ps', '-a', '--format', '{{.Names}} {{.Status}}'), /^web Exited \(137\) /);
  t.is(world.ok('rm', 'web'), 'web');
  t.deepEqual(auditStore(world), []);
});

test('stop sends the stop signal of the container, then SIGKILL when the time is up', async (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('run', '-d', '--name', 'polite', '--stop-signal', 'USR1', '--network', 'none', 'base', 'sh', '-c', 'trap "echo got; exit 9" USR1; echo ready; while true; do usleep 10000; done');
  await untilReady(world, 'polite');
  world.ok('stop', '-t', '30', 'polite');
  t.is(world.ok('inspect', '--format', '{{.State.ExitCode}}', 'polite'), '9');
  t.is(world.ok('logs', 'polite'), 'ready\ngot');
  world.ok('run', '-d', '--name', 'deaf', ...stubborn);
  await untilReady(world, 'deaf');
  const stopped = world.skiff(['stop', '-t', '1', 'deaf']);
  t.is(stopped.code, 0);
  t.regex(stopped.stderr, /SIGTERM failed to stop container deaf in 1 seconds, resorting to SIGKILL/);
  t.is(world.ok('inspect', '--format', '{{.State.ExitCode}}', 'deaf'), '137');
});

test('several deaf containers are stopped in one wait', async (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const names = ['a', 'b', 'c', 'd'];
  const hearing = ['--network', 'none', 'base', 'sh', '-c', 'trap "echo told" TERM; echo ready; while true; do usleep 10000; done'];
  for (const name of names) world.ok('run', '-d', '--name', name, ...hearing);
  const logs = [];
  for (const name of names) logs.push(await untilReady(world, name));
  const pids = names.map((name) => Number(world.ok('inspect', '--format', '{{.State.Pid}}', name)));
  const stopping = world.start(['stop', '-t', '1000', '-a']);
  // Were they waited for one by one, the second would be told after the first one's end.
  for (const log of logs) await log.waitFor(/told/);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  t.is((await stopping.exit).code, 0, stopping.stderr());
  t.is(world.ok('ps', '-q'), '');
  for (const name of names) world.ok('start', name);
  t.is(world.skiff(['stop', '-t', '1', '-a']).code, 0);
  t.is(world.ok('ps', '-q'), '');
});

test('kill sends any signal by name or number', async (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('run', '-d', '--name', 'c', '--network', 'none', 'base', 'sh', '-c', 'trap "echo hup" HUP; trap "echo two; exit 3" USR2; echo ready; while true; do usleep 10000; done');
  const following = world.start(['logs', '-f', 'c']);
  await following.waitFor(/ready/);
  world.ok('kill', '-s', 'HUP', 'c');
  await following.waitFor(/hup/);
  world.ok('kill', '--signal', '12', 'c');
  t.is(world.ok('wait', 'c'), '3');
  t.is((await following.exit).code, 0);
  t.regex(world.skiff(['kill', 'c']).stderr, /can only kill running containers/);
  t.regex(world.skiff(['kill', '-s', 'NOPE', 'c']).stderr, /invalid signal "NOPE"/);
});

test('restart gives a running container a new process and starts a stopped one', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('run', '-d', '--name', 'c', ...sleeper);
  const pid = world.ok('inspect', '--format', '{{.State.Pid}}', 'c');
  world.ok('restart', '-t', '0', 'c');
  const second = world.ok('inspect', '--format', '{{.State.Pid}}', 'c');
  t.not(second, pid);
  world.ok('stop', '-t', '0', 'c');
  t.is(world.ok('restart', '-t', '0', 'c'), 'c');
  t.is(world.ok('ps', '--format', '{{.Names}}'), 'c');
});

test('what a container wrote is there after a restart, in its files and in its log', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('create', '--name', 'c', '--network', 'none', 'base', 'sh', '-c', 'echo run $(cat /count 2>/dev/null | wc -l); echo x >> /count');
  for (const expected of ['run 0', 'run 1', 'run 2']) t.is(world.ok('start', '-a', 'c'), expected);
  t.is(world.ok('logs', 'c'), 'run 0\nrun 1\nrun 2');
});

test('starting what runs and stopping what does not are no errors', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('run', '-d', '--name', 'c', ...sleeper);
  t.is(world.ok('start', 'c'), 'c');
  world.ok('stop', '-t', '0', 'c');
  t.is(world.ok('stop', 'c'), 'c');
});

test('wait gives the exit codes of several, also of one that is removed at its end', async (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const loop = 'while [ ! -e /go ]; do usleep 10000; done; exit';
  world.ok('run', '-d', '--name', 'a', '--network', 'none', 'base', 'sh', '-c', `${loop} 3`);
  world.ok('run', '-d', '--rm', '--name', 'b', '--network', 'none', 'base', 'sh', '-c', `${loop} 4`);
  const waiting = world.start(['wait', 'a', 'b']);
  world.ok('exec', 'a', 'touch', '/go');
  await waiting.waitFor(/3/);
  world.ok('exec', 'b', 'touch', '/go');
  t.is((await waiting.exit).code, 0);
  t.is(waiting.stdout(), '3\n4\n');
  t.is(world.ok('wait', 'a'), '3');
});

test('rm refuses what runs (2), tells of what is missing (1) and takes all with force', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('run', '-d', '--name', 'up', ...sleeper);
  t.is(world.skiff(['rm', 'up']).code, 2);
  t.is(world.skiff(['rm', 'none']).code, 1);
  t.is(world.skiff(['rm', '--ignore', 'none']).code, 0);
  t.is(world.skiff(['rm', '-f', 'none']).code, 0);
  world.ok('create', '--name', 'made', '--network', 'none', 'base', 'true');
  t.is(world.ok('rm', '-f', '-t', '0', '-a').split('\n').length, 2);
  t.is(world.ok('ps', '-aq'), '');
  t.deepEqual(auditStore(world), []);
  t.deepEqual(readdirSync(join(world.runtime, 'skiff')).filter((name) => name.length === 64), []);
});

test('a name that nothing bears keeps the verbs from touching the others', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('run', '-d', '--name', 'up', ...sleeper);
  world.ok('create', '--name', 'made', '--network', 'none', 'base', 'true');
  const before = world.ok('ps', '-a', '--format', '{{.Names}} {{.State}} {{.StartedAt}}');
  for (const [verb, known, code] of [['start', 'made', 125], ['stop', 'up', 125], ['kill', 'up', 125], ['restart', 'up', 125], ['wait', 'made', 125], ['rm', 'made', 1]] as const) {
    const done = world.skiff([verb, known, 'none']);
    t.is(done.code, code, verb);
    t.is(done.stdout, '', verb);
    t.regex(done.stderr, /no container with name or ID "none" found: no such container/, verb);
  }
  t.is(world.ok('ps', '-a', '--format', '{{.Names}} {{.State}} {{.StartedAt}}'), before);
  t.is(world.ok('rm', '--ignore', 'made', 'none'), 'made');
  t.is(world.ok('stop', '--ignore', '-t', '0', 'none', 'up'), 'up');
});

test('--latest and --all stand alone', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('create', '--name', 'c', '--network', 'none', 'base', 'true');
  for (const [words, message] of [
    [['inspect', '-l', 'c'], '--latest and arguments cannot be used together'],
    [['container', 'inspect', '-l', 'c'], '--latest and arguments cannot be used together'],
    [['inspect', '-l', '--type', 'image'], 'latest is not supported for type "image"'],
    [['attach', '-l', 'c'], '--latest and containers cannot be used together'],
    [['diff', '-l', 'c'], '--latest and containers cannot be used together'],
    [['port', '-a', 'c'], 'no arguments are needed with --all'],
    [['port', '-a', '-l'], '--all and --latest cannot be used together'],
  ] as const) {
    const done = world.skiff([...words]);
    t.is(done.code, 125, words.join(' '));
    t.is(done.stderr.split('\n', 1)[0], `Error: ${message}`);
  }
  t.is(world.ok('ps', '-a', '-l', '--format', '{{.Names}}'), 'c');
});

test('run --rm leaves nothing, however the container ends', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('run', '--rm', '--network', 'none', 'base', 'true');
  world.skiff(['run', '--rm', '--network', 'none', 'base', 'false']);
  const id = world.ok('run', '-d', '--rm', '--name', 'c', ...sleeper);
  world.ok('stop', '-t', '0', 'c');
  t.is(world.skiff(['inspect', id]).code, 125);
  t.is(world.ok('ps', '-aq'), '');
  t.deepEqual(readdirSync(join(world.root, 'skiff', 'names')), []);
  settle(world);
  t.deepEqual(readdirSync(join(world.root, 'containers')), []);
  t.deepEqual(readdirSync(join(world.runtime, 'skiff')).filter((name) => name.length === 64), []);
  t.deepEqual(auditStore(world), []);
});

test('containers go by name, full id and any start of an id that is one container’s', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const ids = Array.from({ length: 17 }, () => world.ok('create', '--network', 'none', 'base', 'true'));
  const [first = ''] = ids;
  world.ok('rename', first, 'chosen');
  t.is(world.ok('inspect', '--format', '{{.Id}}', 'chosen'), first);
  t.is(world.ok('inspect', '--format', '{{.Id}}', first), first);
  t.is(world.ok('inspect', '--format', '{{.Name}}', first.slice(0, 20)), 'chosen');
  const digits = ids.map((id) => id[0]);
  const twice = digits.find((digit, at) => digits.indexOf(digit) !== at) ?? '';
  const ambiguous = world.skiff(['inspect', twice]);
  t.is(ambiguous.code, 125);
  t.regex(ambiguous.stderr, /more than one container/);
});

test('rename frees the old name and refuses a taken or a wrong one', (t) => {
  const world = makeWorld(t); // no name here may be the beginning of an id
  importBusybox(world, 'base');
  world.ok('run', '-d', '--name', 'one', ...sleeper);
  world.ok('create', '--name', 'two', '--network', 'none', 'base', 'true');
  t.is(world.skiff(['rename', 'one', 'two']).code, 125);
  t.is(world.skiff(['rename', 'one', '../two']).code, 125);
  world.ok('rename', 'one', 'three');
  world.ok('rename', 'two', 'one');
  t.is(world.ok('exec', 'three', 'echo', 'still here'), 'still here');
  t.is(world.skiff(['exec', 'two', 'true']).code, 125);
});

test('what ps keeps from one listing to the next never shows: not after a rename, a start, an end, a removal or damage to it', async (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const list = (): string => world.ok('ps', '-a', '--format', '{{.Names}}={{.Label "l"}} {{.State}} {{.ExitCode}}');
  /** Lists until all that is shown is kept. */
  const keptFile = async (): Promise<string> => {
    const runtime = join(world.runtime, 'skiff');
    let file = '';
    await until(() => {
      const count = list().split('\n').length;
      file = readdirSync(runtime).filter((name) => name.startsWith('container-facts-')).map((name) => join(runtime, name))[0] ?? '';
      return file !== '' && Object.keys((JSON.parse(readFileSync(file, 'utf8')) as { rows: object }).rows).length === count;
    });
    return file;
  };
  world.ok('create', '--name', 'one', '--label', 'l=1', ...sleeper);
  world.ok('create', '--name', 'two', '--label', 'l=2', '--network', 'none', 'base', 'sh', '-c', 'exit 3');
  await keptFile();
  world.ok('rename', 'one', 'uno');
  t.is(list(), 'uno=1 created 0\ntwo=2 created 0');
  await keptFile();
  t.is(list(), 'uno=1 created 0\ntwo=2 created 0');
  world.ok('start', 'uno');
  t.is(list(), 'uno=1 running 0\ntwo=2 created 0');
  await keptFile();
  t.is(world.skiff(['start', '-a', 'two']).code, 3);
  t.is(list(), 'uno=1 running 0\ntwo=2 exited 3');
  world.ok('kill', 'uno');
  world.ok('wait', 'uno');
  await keptFile();
  t.is(list(), 'uno=1 exited 137\ntwo=2 exited 3');
  world.ok('start', 'uno');
  t.is(list(), 'uno=1 running 0\ntwo=2 exited 3');
  world.ok('stop', '-t', '0', 'uno');
  const file = await keptFile();
  const whole = readFileSync(file, 'utf8');
  for (const damage of ['', '{"', '[]', '{"rows":{},"common":[]}', whole.replaceAll('"exited"', '7'), whole.replaceAll('"Path"', '"path"')]) {
    writeFileSync(file, damage);
    t.is(list(), 'uno=1 exited 137\ntwo=2 exited 3', damage);
  }
  world.ok('rm', 'two');
  t.is(list(), 'uno=1 exited 137');
});

test('exists tells by its exit code', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('create', '--name', 'here', '--network', 'none', 'base', 'true');
  t.is(world.skiff(['container', 'exists', 'here']).code, 0);
  t.is(world.skiff(['container', 'exists', 'nowhere']).code, 1);
});

test('the container’s own files of Docker’s layout are there', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const id = world.ok('run', '--name', 'c', '--network', 'none', 'base', 'true');
  const [folder = ''] = readdirSync(join(world.root, 'containers'));
  t.is(id, '');
  for (const file of ['config.v2.json', 'hostconfig.json', 'hostname', 'hosts', `${folder}-json.log`]) t.true(existsSync(join(world.root, 'containers', folder, file)), file);
});
