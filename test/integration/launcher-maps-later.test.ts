/**
 * A new user namespace gets its ids while Node starts. newuidmap is replaced by a script that stands still where the test wants it to,
 * and then becomes the real one.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { until } from '../helpers/deadline.ts';
import { requires } from '../helpers/requires.ts';
import { isAlive, makeWorld, skiffBin, type World } from '../helpers/world.ts';

/** A world in which newuidmap runs `script` first, with the target's pid as $1 and a folder of its own as $dir. */
function withMapper(t: ExecutionContext, script: string): { world: World; slow: Record<string, string>; file: (name: string) => string } {
  const world = makeWorld(t);
  const dir = join(world.dir, 'mapper');
  mkdirSync(dir);
  writeFileSync(join(dir, 'newuidmap'), `#!/bin/sh\ndir=${dir}\n${script}\nPATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin exec newuidmap "$@"\n`);
  chmodSync(join(dir, 'newuidmap'), 0o755);
  return { world, slow: { PATH: `${dir}:${world.env['PATH']}` }, file: (name) => join(dir, name) };
}

/** Tells the test who runs it, and waits for the file "go". */
const standingStill = 'echo $PPID >$dir/mapper.new; mv $dir/mapper.new $dir/mapper; until [ -e $dir/go ]; do sleep 0.01; done';

/** A command whose ids are being mapped, and the process that does it; `goOn` lets newuidmap do its work. */
async function whileMapping(t: ExecutionContext): Promise<{ world: World; command: ReturnType<World['start']>; mapper: number; goOn: () => void }> {
  const { world, slow, file } = withMapper(t, standingStill);
  const command = world.start(['unshare', 'true'], { env: slow });
  await until(() => existsSync(file('mapper')));
  return { world, command, mapper: Number(readFileSync(file('mapper'), 'utf8')), goOn: () => { writeFileSync(file('go'), ''); } };
}

const holders = (world: World): string[] => readdirSync(join(world.runtime, 'skiff', 'holders'));
const works = (t: ExecutionContext, world: World): void => { t.is(world.ok('unshare', 'sh', '-c', 'touch "$HOME/new" && stat -c %u:%g "$HOME/new"'), '0:0'); };

test('Node starts while the ids are being mapped, and the verb begins with them', (t) => {
  if (!requires(t, 'userns')) return;
  // Stands still until the process that gets the ids has become another program: with a launcher that waits, for ever.
  const { world, slow } = withMapper(t, `until [ "$(readlink /proc/$1/exe)" != ${skiffBin} ]; do sleep 0.01; done`);
  const found = world.skiff(['unshare', 'sh', '-c', 'id -u; id -g; grep -E "^Cap(Inh|Eff|Amb)" /proc/self/status; touch "$HOME/new"; ls /proc/$$/fd'], { env: slow });
  t.is(found.code, 0, found.stderr);
  const [uid, gid, ...rest] = found.stdout.trimEnd().split('\n');
  t.deepEqual([uid, gid], ['0', '0']);
  t.regex(rest.join('\n'), /^CapInh:\t0+\nCapEff:\t0*1f+\nCapAmb:\t0+\n0\n1\n2\n/);
  t.is(holders(world).length, 1);
});

test('who starts meanwhile waits for the ids and joins', async (t) => {
  if (!requires(t, 'userns')) return;
  const { world, slow, file } = withMapper(t, standingStill);
  const first = world.start(['unshare', 'sh', '-c', 'readlink /proc/self/ns/user; read x'], { env: slow, stdin: 'pipe' });
  await until(() => existsSync(file('mapper')));
  const lock = join(world.runtime, 'skiff', 'userns.lock');
  const second = world.start(['unshare', 'sh', '-c', 'readlink /proc/self/ns/user; id -u']);
  await until(() => isWaitingFor(second.child.pid ?? 0, lock), () => `the second: ${second.stdout()}${second.stderr()}`);
  t.is(holders(world).length, 1);
  t.is(readFileSync(join(world.runtime, 'skiff', 'holders', String(first.child.pid)), 'utf8'), '', 'nobody could join it');
  writeFileSync(file('go'), '');
  const [namespace] = await first.waitFor(/user:\[\d+\]/);
  t.is((await second.exit).code, 0);
  t.is(second.stdout(), `${namespace}\n0\n`);
  first.child.stdin?.end();
  await first.exit;
});

/** True for a process that waits in line for a lock on the file. */
function isWaitingFor(pid: number, path: string): boolean {
  try {
    const opened = readdirSync(`/proc/${pid}/fd`).some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`) === path);
    return opened && new RegExp(`-> FLOCK .* ${pid} `).test(readFileSync('/proc/locks', 'utf8'));
  } catch {
    return false; // a descriptor that went away under the look
  }
}

test('a newuidmap that fails ends the command with what it said, and the next one is as well as ever', (t) => {
  if (!requires(t, 'userns')) return;
  const { world, slow } = withMapper(t, 'echo "newuidmap: not today" >&2; exit 1');
  const failed = world.skiff(['run', '--rm', 'nothing', 'true'], { env: slow });
  t.is(failed.code, 125);
  t.is(failed.stdout, '');
  t.regex(failed.stderr, /: not today$/m);
  t.is(world.skiff(['info'], { env: slow }).code, 0, 'what does without a namespace goes on');
  works(t, world);
});

test('kill -9 of whoever maps the ids: the command says so, and the next one is as well as ever', async (t) => {
  if (!requires(t, 'userns')) return;
  const { world, command, mapper, goOn } = await whileMapping(t);
  process.kill(mapper, 'SIGKILL');
  goOn(); // newuidmap itself lives on, and has the command's stdout
  t.is((await command.exit).code, 125);
  t.regex(command.stderr(), /whoever did it was killed/);
  works(t, world);
});

test('kill -9 of the command while its ids are mapped leaves nothing', async (t) => {
  if (!requires(t, 'userns')) return;
  const { world, command, mapper, goOn } = await whileMapping(t);
  command.child.kill('SIGKILL');
  goOn();
  await command.exit;
  await until(() => !isAlive(mapper));
  works(t, world);
  t.is(holders(world).length, 1, 'the entry of the killed one was swept');
});

test('a command that ends before its ids are there leaves nothing', (t) => {
  if (!requires(t, 'userns')) return;
  const { world, slow } = withMapper(t, '');
  const wrong = world.skiff(['run', '--no-such-option'], { env: slow });
  t.is(wrong.code, 125);
  t.regex(wrong.stderr, /unknown flag: --no-such-option/);
  works(t, world);
});
