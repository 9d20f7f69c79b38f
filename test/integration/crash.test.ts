/**
 * SIGKILL at the steps that change a file tree, a mount, a lock or a process: whatever is cut, the next command sees the truth,
 * works, and once it has written nothing is left over. strace injects the kill at the N-th call of one system call, for each of
 * them and N = 1, 2, 4, 8, … until the command comes through whole. A sleeping container keeps the user namespace alive, so
 * that the launcher joins it and no set-uid program has to run under strace.
 */
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { auditStore } from '../helpers/audit.ts';
import { importBusybox } from '../helpers/images.ts';
import { requires } from '../helpers/requires.ts';
import { isAlive, livingProcesses, makeWorld, skiffBin, type Result, type World } from '../helpers/world.ts';

const changing = [
  'rename', 'renameat2', 'unlink', 'unlinkat', 'rmdir', 'mkdir', 'mkdirat', 'symlink', 'symlinkat', 'link', 'fsync', 'fdatasync', 'syncfs', 'mount', 'umount2',
  'flock', 'execve', 'clone', 'openat',
] as const;

/** Runs skiff with a SIGKILL at the `n`-th call of `call` in any of its processes. */
function killedAt(world: World, call: string, n: number, args: readonly string[]): Result {
  return world.run(['strace', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${n}`, skiffBin, ...args]);
}

/**
 * The same for a command that leaves a container behind, which strace would follow to its end: as soon as the command is over,
 * strace is told to let go (-I 1: with -o it would ignore that). Both ends, of the command and of strace, are told through one pipe.
 */
function killedDetachedAt(world: World, call: string, n: number, args: readonly string[]): Result {
  return world.run(['sh', '-c', `
    cd "$DIR" && mkfifo told && exec 3<>told
    { sh -c 'echo $$ > tracer; exec strace "$@"' sh -I 1 -f -qq -o /dev/null -e "trace=$CALL" -e "inject=$CALL:signal=SIGKILL:when=$N" sh -c '"$@"; echo $? >&3' sh "$@"; echo 137 >&3; } &
    read -r code <&3
    kill "$(cat tracer)" 2>/dev/null
    wait
    rm told tracer
    exit "$code"`, 'sh', skiffBin, ...args], { env: { DIR: world.dir, CALL: call, N: String(n) } });
}

/** 1, 2, 4, 8, …: the early steps and fewer of the many late ones. */
function* counts(call: string): Generator<number> {
  for (let n = call === 'openat' ? 64 : 1; ; n *= 2) yield n;
}

interface Story {
  /** Brings the store to where the command starts; called before every cut. */
  before?: (world: World) => void;
  args: (world: World) => string[];
  /** The command leaves a running container behind. */
  detached?: boolean;
  /** Must hold after the cut and the sweep, whatever happened; then the command is run again, uncut. */
  after: (t: ExecutionContext, world: World) => void;
}

function sweepStory(t: ExecutionContext, story: Story): void {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('run', '-d', '--name', 'anchor', '--network', 'none', 'base', 'sleep', '100000');
  let cuts = 0;
  for (const call of changing) {
    for (const n of counts(call)) {
      story.before?.(world);
      const cut = (story.detached === true ? killedDetachedAt : killedAt)(world, call, n, story.args(world));
      const survived = cut.code === 0 && cut.signal === null;
      const where = `${story.args(world).join(' ')}, cut at ${call} ${n} (exit ${cut.code} ${cut.signal})`;
      for (const look of [['ps', '-a'], ['images', '-a', '--format', 'json']]) t.is(world.skiff(look).code, 0, `${where}: ${look.join(' ')}`);
      story.after(t, world);
      const problems = auditStore(world);
      t.deepEqual(problems, [], `${where}: ${cut.stderr}`);
      if (problems.length > 0) return;
      if (survived) break;
      cuts++;
    }
  }
  t.true(cuts > 15, `the command was cut ${cuts} times`);
  t.regex(world.ok('ps', '--format', '{{.Names}} {{.Status}}'), /^anchor Up /m);
}

test('load, cut anywhere', (t) => {
  if (!requires(t, 'strace')) return;
  sweepStory(t, {
    before: (world) => {
      if (world.skiff(['image', 'exists', 'localhost/cargo:1']).code === 0) world.ok('rmi', 'localhost/cargo:1');
      if (world.run(['test', '-e', join(world.dir, 'cargo.tar')]).code !== 0) {
        importBusybox(world, 'localhost/cargo:1', { files: { cargo: 'cargo' } });
        world.ok('save', '-o', join(world.dir, 'cargo.tar'), 'localhost/cargo:1');
        world.ok('rmi', 'localhost/cargo:1');
      }
    },
    args: (world) => ['load', '-q', '-i', join(world.dir, 'cargo.tar')],
    after: (t, world) => {
      world.ok('load', '-q', '-i', join(world.dir, 'cargo.tar'));
      t.is(world.ok('run', '--rm', '--network', 'none', 'localhost/cargo:1', 'cat', '/cargo'), 'cargo');
    },
  });
});

test('run --rm, cut anywhere', (t) => {
  if (!requires(t, 'strace')) return;
  sweepStory(t, {
    args: () => ['run', '--rm', '--name', 'one', '--network', 'none', 'base', 'true'],
    after: (t, world) => {
      world.skiff(['rm', '-f', '-t', '0', 'one']);
      world.ok('run', '--rm', '--name', 'one', '--network', 'none', 'base', 'true');
      t.false(world.ok('ps', '-a', '--format', '{{.Names}}').split('\n').includes('one'));
    },
  });
});

test('run -d, cut anywhere: a container that was started is whole, one that was not is gone or can be started', (t) => {
  if (!requires(t, 'strace')) return;
  sweepStory(t, {
    detached: true,
    before: (world) => { world.skiff(['rm', '-f', '-t', '0', 'two']); },
    args: () => ['run', '-d', '--name', 'two', '--network', 'none', 'base', 'sleep', '100000'],
    after: (t, world) => {
      const state = world.skiff(['inspect', '--format', '{{.State.Status}}', 'two']);
      if (state.code === 0 && state.stdout.trim() !== 'running') world.ok('start', 'two');
      if (state.code === 0) t.is(world.ok('exec', 'two', 'echo', 'alive'), 'alive');
      else world.ok('run', '-d', '--name', 'two', '--network', 'none', 'base', 'sleep', '100000');
      world.ok('rm', '-f', '-t', '0', 'two');
      t.deepEqual(livingProcesses('100000').filter((line) => line.includes(world.dir)), []);
    },
  });
});

test('commit, cut anywhere', (t) => {
  if (!requires(t, 'strace')) return;
  sweepStory(t, {
    before: (world) => {
      if (world.skiff(['container', 'exists', 'source']).code !== 0) world.ok('run', '--name', 'source', '--network', 'none', 'base', 'sh', '-c', 'echo new > /new; rm /etc/group');
      world.skiff(['rmi', 'made']);
    },
    args: () => ['commit', '-q', 'source', 'made'],
    after: (t, world) => {
      world.ok('commit', '-q', 'source', 'made');
      t.is(world.ok('run', '--rm', '--network', 'none', 'made', 'sh', '-c', 'cat /new; ls /etc/group 2>/dev/null'.replace(/$/, ' || true')), 'new');
      world.ok('rmi', 'made');
      world.ok('image', 'prune', '-f');
    },
  });
});

test('rm and rmi, cut anywhere', (t) => {
  if (!requires(t, 'strace')) return;
  sweepStory(t, {
    before: (world) => { if (world.skiff(['container', 'exists', 'gone']).code !== 0) world.ok('create', '--name', 'gone', '--network', 'none', 'base', 'true'); },
    args: () => ['rm', 'gone'],
    after: (t, world) => {
      if (world.skiff(['container', 'exists', 'gone']).code === 0) world.ok('rm', 'gone');
      world.ok('create', '--name', 'gone', '--network', 'none', 'base', 'true');
      t.is(world.ok('start', '-a', 'gone'), '');
    },
  });
  sweepStory(t, {
    before: (world) => { if (world.skiff(['image', 'exists', 'localhost/brief:1']).code !== 0) importBusybox(world, 'localhost/brief:1', { files: { x: 'x' } }); },
    args: () => ['rmi', 'localhost/brief:1'],
    after: (_, world) => {
      if (world.skiff(['image', 'exists', 'localhost/brief:1']).code === 0) world.ok('rmi', 'localhost/brief:1');
      importBusybox(world, 'localhost/brief:1', { files: { x: 'x' } });
      world.ok('run', '--rm', '--network', 'none', 'localhost/brief:1', 'cat', '/x');
    },
  });
});

test('SIGKILL of the monitor or of the container: the next command sees the truth and works', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  for (const victim of ['monitor', 'container']) {
    const id = world.ok('run', '-d', '--name', 'v', '--network', 'none', 'base', 'sleep', '100000');
    const pid = Number(world.ok('inspect', '--format', '{{.State.Pid}}', 'v'));
    const monitor = livingProcesses(id).find((line) => line.includes('skiff-monitor'));
    t.truthy(monitor);
    process.kill(victim === 'monitor' ? Number.parseInt(monitor ?? '', 10) : pid, 'SIGKILL');
    world.skiff(['wait', 'v']);
    t.regex(world.ok('ps', '-a', '--format', '{{.Names}} {{.Status}}'), /^v Exited/m, victim);
    t.is(world.ok('start', 'v'), 'v');
    t.is(world.ok('exec', 'v', 'echo', 'again'), 'again');
    world.ok('rm', '-f', '-t', '0', 'v');
    t.false(isAlive(pid), `the container is gone after SIGKILL of the ${victim}`);
    t.deepEqual(auditStore(world), []);
  }
});

test('a reboot (the runtime dir is gone): containers are shown exited and start again', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('run', '-d', '--name', 'r', '--network', 'none', 'base', 'sleep', '100000');
  const monitor = livingProcesses(world.dir).find((line) => line.includes('skiff-monitor'));
  const pid = Number(world.ok('inspect', '--format', '{{.State.Pid}}', 'r'));
  process.kill(Number.parseInt(monitor ?? '', 10), 'SIGKILL');
  process.kill(pid, 'SIGKILL');
  t.is(world.run(['rm', '-rf', join(world.runtime, 'skiff')]).code, 0);
  t.regex(world.ok('ps', '-a', '--format', '{{.Names}} {{.Status}}'), /^r Exited/m);
  world.ok('start', 'r');
  t.is(world.ok('exec', 'r', 'echo', 'up'), 'up');
  t.deepEqual(auditStore(world), []);
});
