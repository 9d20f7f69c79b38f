import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { until } from '../helpers/deadline.ts';
import { requires } from '../helpers/requires.ts';
import { makeWorld, skiffBin } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';

const program = fileURLToPath(new URL('../fixtures/host-namespace-program.js', import.meta.url));

/** Runs an act of the program in namespaces of its own, in a fresh folder. */
function act(t: ExecutionContext, world: World, name: string, ...args: string[]): unknown {
  const dir = mkdtempSync(join(world.dir, 'act-'));
  const done = world.run([skiffBin, 'unshare', name, dir, ...args], { env: { SKIFF_MAIN: program } });
  // The kernel leaves a folder without any permission in an overlay's work folder: only root of the namespace may remove it.
  world.run([skiffBin, 'unshare', 'rm', '-rf', dir]);
  t.is(done.code, 0, done.stderr);
  return JSON.parse(done.stdout);
}

/** A world whose folder is on a disk: overlays on tmpfs have other abilities. */
function world(t: ExecutionContext): World {
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = '/var/tmp';
  try {
    return makeWorld(t);
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
}

test('a worker can see nothing but its folder, in no thread, by no kind of call', (t) => {
  if (!requires(t, 'userns')) return;
  const mine = world(t);
  const dir = join(mine.dir, 'cage');
  mkdirSync(dir);
  const secret = join(mine.dir, 'secret');
  writeFileSync(secret, 'a secret');
  symlinkSync(secret, join(dir, 'link-to-host'));
  const done = mine.run([skiffBin, 'unshare', 'confined', dir, '/etc/passwd', secret], { env: { SKIFF_MAIN: program } });
  t.is(done.code, 0, done.stderr);
  const root = ['link-to-host', 'made'];
  t.deepEqual(JSON.parse(done.stdout), {
    result: {
      root, above: root, poolRoot: root, cwd: '/', sync: 'ENOENT', pool: ['ENOENT'], secret: 'ENOENT', link: 'ENOENT', native: 'ENOENT', proc: false,
      // What it was handed it can read: these are open files, not names.
      input: 'a secret', extra: ['a secret'],
    },
    here: true, made: 'inside',
  });
  t.is(readFileSync(join(dir, 'made'), 'utf8'), 'inside');
});

test('startWorker() brings back results and errors as they were, and names a worker that died', (t) => {
  if (!requires(t, 'userns')) return;
  const got = act(t, world(t), 'workers') as Record<string, { code: string; message: string }>;
  t.deepEqual(got['echo'] as unknown, ['echo', { nested: ['ü', 1, null] }]);
  t.deepEqual(got['fail'] as unknown, { code: 'ARCHIVE_INVALID', message: 'no good', hint: 'try another', data: { member: 'x' } });
  t.deepEqual([got['crash']?.code, got['crash']?.message], ['INTERNAL', 'worker: a bug']);
  t.deepEqual([got['die']?.code, got['die']?.message], ['HELPER_FAILED', 'the worker was killed by signal 9']);
  t.deepEqual([got['leave']?.code, got['leave']?.message], ['HELPER_FAILED', 'the worker ended without an answer']);
  t.is(got['missing']?.code, 'NOT_FOUND');
  t.deepEqual([got['large'], got['stream'], got['unread'], got['many']] as unknown[], [1 << 20, 100 * 65536, 'done', Array.from({ length: 6 }, () => 20 * 65536)]);
  t.regex(got['broken']?.message ?? '', /the source broke/);
});

test('mountKernelOverlay() shows layers topmost first, writes to the upper and whites out', (t) => {
  if (!requires(t, 'userns')) return;
  t.deepEqual(act(t, world(t), 'overlay-kernel'), { both: 'top', names: ['both', 'gone'], cwd: true, write: 'done', remove: 'done', whiteout: true, after: [] });
});

test('mountFuseOverlay() shows the same', (t) => {
  if (!requires(t, 'userns', 'fuse')) return;
  t.deepEqual(act(t, world(t), 'overlay-fuse'), { both: 'top', names: ['both', 'gone'], cwd: true, write: 'done', remove: 'done', whiteout: true, after: [] });
});

test('mountOverlay() without an upper is read-only, of several layers and of one', (t) => {
  if (!requires(t, 'userns')) return;
  t.like(act(t, world(t), 'overlay-kernel-read-only'), { both: 'top', write: 'EROFS', remove: 'EROFS', whiteout: false });
  t.is(act(t, world(t), 'overlay-single'), 'EROFS');
});

test('mountOverlay() takes 128 layers', (t) => {
  if (!requires(t, 'userns')) return;
  t.is(act(t, world(t), 'overlay-many'), 128);
});

test('overlayDriver() probes once, remembers, and leaves nothing in the store', (t) => {
  if (!requires(t, 'userns')) return;
  const got = act(t, world(t), 'overlay-driver') as Record<string, string>;
  t.deepEqual([got['probe'], got['driver'], got['again'], got['left']] as unknown[], ['ok', 'kernel', 'kernel', []]);
  t.deepEqual(Object.values(JSON.parse(got['cache'] ?? '') as object), ['kernel']);
});

test('the server of a FUSE mount ends with the last namespace that has the mount', async (t) => {
  if (!requires(t, 'userns', 'fuse')) return;
  const [pid, ...more] = act(t, world(t), 'fuse-abandoned') as string[];
  t.deepEqual(more, []);
  t.truthy(pid);
  const state = (): string => {
    try {
      return /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
    } catch {
      return 'gone';
    }
  };
  await until(() => ['gone', 'Z'].includes(state()), state);
  t.true(['gone', 'Z'].includes(state()), state());
});

test('mountOverlay() with an id mapping shows other owners than the disk has', (t) => {
  if (!requires(t, 'userns', 'fuse')) return;
  t.is(act(t, world(t), 'fuse-ids'), 1);
});

test('mountFuseOverlay() that fails says why and leaves no mount', (t) => {
  if (!requires(t, 'userns', 'fuse')) return;
  t.deepEqual(act(t, world(t), 'fuse-fails'), { error: 'HELPER_FAILED', mounted: false });
});

test('bindMount() read-only refuses writes at the target alone', (t) => {
  if (!requires(t, 'userns')) return;
  t.deepEqual(act(t, world(t), 'bind-read-only'), { target: 'EROFS', source: 'done' });
});

test('createNetns() binds a new namespace and leaves this process in its own', (t) => {
  if (!requires(t, 'userns')) return;
  t.deepEqual(act(t, world(t), 'netns'), { other: true, same: true, again: 'ENOENT' });
});

test('mknod() makes whiteouts and fifos but no disk; lchown() gives files to mapped ids', (t) => {
  if (!requires(t, 'userns')) return;
  t.deepEqual(act(t, world(t), 'mknod'), { whiteout: 0, fifo: [7, 0o644], device: 'EPERM' });
});

test('removeTree() removes what belongs to mapped ids', (t) => {
  if (!requires(t, 'userns')) return;
  t.deepEqual(act(t, world(t), 'remove'), []);
});

test('session() of a process in the namespaces is uid 0 there and the user outside', (t) => {
  if (!requires(t, 'userns')) return;
  t.like(act(t, world(t), 'session'), { launched: true, userns: { kind: 'entered' }, hostUid: process.getuid?.(), self: skiffBin });
});
