import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { deadlineMs } from '../helpers/deadline.ts';
import { run, runSync, spawnStream } from '../../src/host/run.ts';
import { sys } from '../../src/host/sys.ts';
import type { SpawnOptions } from '../../src/host/sys.ts';

const program = fileURLToPath(new URL('../fixtures/host-program.js', import.meta.url));

function folder(t: ExecutionContext): string {
  const dir = mkdtempSync('/var/tmp/skiff-host-');
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Runs a shell line by spawn() with its stdout in a file; other fds as given. */
function shell(t: ExecutionContext, line: string, options: Partial<SpawnOptions> = {}): { output: string; status: unknown } {
  const file = join(folder(t), 'out');
  const fd = openSync(file, 'w+');
  const pid = sys().spawn({ path: '/bin/sh', argv: ['sh', '-c', line], env: ['PATH=/usr/bin:/bin'], ...options, fds: [[fd, 1], ...(options.fds ?? [])] });
  const status = sys().waitpid(pid, false);
  closeSync(fd);
  return { output: readFileSync(file, 'utf8'), status };
}

function files(t: ExecutionContext, count: number): number[] {
  const dir = folder(t);
  const fds = Array.from({ length: count }, (_, index) => {
    writeFileSync(join(dir, `${index}`), `file ${index}`);
    return openSync(join(dir, `${index}`), 'r');
  });
  t.teardown(() => fds.forEach((fd) => closeSync(fd)));
  return fds;
}

test('spawn() gives a child exactly the descriptors that were mapped, and /dev/null for stdio that was not', (t) => {
  const [inherited] = files(t, 1) as [number];
  sys().setCloexec(inherited, false); // even what would be inherited is not
  const { output } = shell(t, 'for fd in /proc/self/fd/*; do echo "${fd##*/} $(readlink $fd)"; done', { fds: [[inherited, 9]] });
  const open = Object.fromEntries(output.trim().split('\n').map((line) => line.split(' ') as [string, string]));
  t.is(open['0'], '/dev/null');
  t.is(open['2'], '/dev/null');
  t.regex(open['9'] ?? '', /\/0$/);
  t.deepEqual(Object.keys(open).filter((fd) => !['0', '1', '2', '9'].includes(fd) && (open[fd] ?? '').startsWith('/') && !(open[fd] ?? '').startsWith('/proc')), []);
});

test('spawn() maps descriptors that overlap in every order', (t) => {
  const fds = files(t, 4) as [number, number, number, number];
  const [a, b, c, d] = fds;
  // Each target is another's source: a swap, a ring, and one that stays where it is.
  for (const pairs of [[[a, b], [b, a]], [[a, b], [b, c], [c, d], [d, a]], [[a, a], [b, c], [c, b]]] as [number, number][][]) {
    for (const order of [pairs, pairs.toReversed()]) {
      const { output } = shell(t, order.map(([, to]) => `cat /proc/self/fd/${to}; echo`).join(';'), { fds: order });
      t.deepEqual(output.trim().split('\n'), order.map(([from]) => `file ${fds.indexOf(from)}`));
    }
  }
  const { output } = shell(t, 'cat <&3; echo; cat <&4', { fds: [[a, 4], [a, 3]] });
  t.is(output, 'file 0\n'); // one open file, one offset: the second reader finds its end
});

test('spawn() refuses a descriptor that is not open and two sources for one target', (t) => {
  t.throws(() => shell(t, 'true', { fds: [[999, 3]] }), { code: 'EBADF' });
  t.throws(() => shell(t, 'true', { fds: [[0, 3], [1, 3]] }), { instanceOf: TypeError });
  t.throws(() => shell(t, 'true', { fds: [[-1, 3]] }), { instanceOf: TypeError });
  t.throws(() => shell(t, 'true', { argv: [] }), { instanceOf: TypeError });
  t.throws(() => shell(t, 'true', { env: ['A=\0'] }), { instanceOf: TypeError });
});

test('spawn() throws at once, with the errno of exec and of chdir', (t) => {
  const dir = folder(t);
  writeFileSync(join(dir, 'text'), 'no program', { mode: 0o755 });
  writeFileSync(join(dir, 'closed'), '#!/bin/sh\n', { mode: 0o644 });
  const missing = t.throws(() => shell(t, '', { path: join(dir, 'missing') }), { code: 'ENOENT' }) as NodeJS.ErrnoException;
  t.is(missing.path, join(dir, 'missing'));
  t.is(missing.syscall, 'spawn');
  t.throws(() => shell(t, '', { path: join(dir, 'closed') }), { code: 'EACCES' });
  t.throws(() => shell(t, '', { path: join(dir, 'text') }), { code: 'ENOEXEC' });
  t.throws(() => shell(t, '', { path: dir }), { code: 'EACCES' });
  const chdir = t.throws(() => shell(t, '', { cwd: join(dir, 'missing') }), { code: 'ENOENT' }) as NodeJS.ErrnoException;
  t.is(chdir.syscall, 'chdir');
  t.throws(() => shell(t, '', { argv: ['sh', 'x'.repeat(3 << 20)] }), { code: 'E2BIG' });
  t.is(shell(t, 'pwd', { cwd: dir }).output, `${dir}\n`);
});

test('spawn() resets dispositions and mask; setsid makes a session', (t) => {
  const { output } = shell(t, 'grep -E "^Sig(Blk|Ign)" /proc/self/status; echo $(cut -d" " -f6 /proc/$$/stat) $$', { setsid: true });
  const [blocked, ignored, ids] = output.trim().split('\n');
  t.regex(blocked ?? '', /SigBlk:\t0+$/);
  t.regex(ignored ?? '', /SigIgn:\t0+$/); // Node itself ignores SIGPIPE
  const [session, pid] = (ids ?? '').split(' ');
  t.is(session, pid);
});

test('spawn() passes the environment and the arguments as they are', (t) => {
  const { output } = shell(t, 'env; echo "$1"', { argv: ['sh', '-c', 'env; printf %s "$1"', 'sh', 'a b\n$x\'"'], env: ['A=1', 'B=x=y\nz', 'A=2'] });
  t.true(output.endsWith('a b\n$x\'"'));
  t.true(output.includes('B=x=y\nz'));
  t.false(output.includes('HOME='));
});

test('spawn() in a process out of descriptors throws EMFILE and keeps working after', (t) => {
  const done = spawnSync(process.execPath, [program, 'emfile'], { encoding: 'utf8' });
  t.is(done.stdout, 'EMFILE\nok\n', done.stderr);
});

test('spawn() with deathSignal ends the child with the process that started it', async (t) => {
  const [readEnd, writeEnd] = sys().pipe();
  t.teardown(() => closeSync(readEnd));
  const parent = sys().spawn({ path: process.execPath, argv: ['node', program, 'die-with-me'], env: [], fds: [[writeEnd, 1], [2, 2]] });
  closeSync(writeEnd);
  t.deepEqual(sys().poll([readEnd], deadlineMs), [readEnd]);
  process.kill(parent, 'SIGKILL');
  t.is((await sys().wait(parent)).signal, 9);
  // The child holds the write end, too: the end of the pipe is its end.
  const buffer = Buffer.alloc(100);
  const { readSync } = await import('node:fs');
  while (readSync(readEnd, buffer) > 0);
  t.pass();
});

test('waitpid() tells exit codes, signals and children that still run', async (t) => {
  t.deepEqual(shell(t, 'exit 7').status, { exitCode: 7, signal: undefined });
  t.deepEqual(shell(t, 'kill -9 $$').status, { exitCode: undefined, signal: 9 });
  const [readEnd, writeEnd] = sys().pipe();
  const pid = sys().spawn({ path: '/bin/cat', argv: ['cat'], env: [], fds: [[readEnd, 0]] });
  closeSync(readEnd);
  t.is(sys().waitpid(pid, true), undefined);
  const ended = sys().wait(pid);
  closeSync(writeEnd);
  t.deepEqual(await ended, { exitCode: 0, signal: undefined });
  t.throws(() => sys().waitpid(pid, true), { code: 'ECHILD' });
  await t.throwsAsync(sys().wait(pid), { code: 'ECHILD' });
});

test('execve() keeps the pid, passes mapped descriptors, closes the rest, restores dispositions and blocking mode', (t) => {
  const done = spawnSync(process.execPath, [program, 'execve'], { encoding: 'utf8', input: 'typed' });
  t.is(done.status, 0, done.stderr);
  const [pid, fds, ignored, flags, mapped, cwd] = done.stdout.trim().split('\n');
  t.is(pid, String(done.pid));
  t.is(fds?.trim(), '0 1 2 5');
  t.regex(ignored ?? '', /SigIgn:\t0+$/);
  t.false((Number.parseInt(flags ?? '', 8) & 0o4000) !== 0, `stdin is non-blocking: ${flags}`);
  t.is(mapped, 'mapped');
  t.is(cwd, '/');
});

test('execve() that fails throws and leaves the process as it was', (t) => {
  const done = spawnSync(process.execPath, [program, 'execve-fails'], { encoding: 'utf8' });
  t.is(done.stdout, 'ENOENT ENOEXEC E2BIG ENOENT\nsame folder, same descriptors\n', done.stderr);
});

test('flock(): kinds, would-block, and release when the holder is killed', async (t) => {
  const path = join(folder(t), 'lock');
  const fds = [0, 1].map(() => openSync(path, 'a+')) as [number, number];
  t.teardown(() => fds.forEach((fd) => closeSync(fd)));
  const [SH, EX, UN, NB] = [1, 2, 8, 4];
  t.true(sys().flock(fds[0], SH | NB));
  t.true(sys().flock(fds[1], SH | NB));
  t.false(sys().flock(fds[1], EX | NB));
  t.true(sys().flock(fds[0], UN));
  t.true(sys().flock(fds[1], UN));
  const [readEnd, writeEnd] = sys().pipe();
  const holder = sys().spawn({ path: process.execPath, argv: ['node', program, 'hold', path], env: [], fds: [[writeEnd, 1], [2, 2]] });
  closeSync(writeEnd);
  t.deepEqual(sys().poll([readEnd], deadlineMs), [readEnd]);
  closeSync(readEnd);
  t.false(sys().flock(fds[0], EX | NB));
  process.kill(holder, 'SIGKILL');
  t.true(sys().flock(fds[0], EX)); // waits until the kernel has dropped it
  await sys().wait(holder);
  t.throws(() => sys().flock(999, EX), { code: 'EBADF' });
});

test('pidfds signal a process and tell its end', async (t) => {
  const pid = sys().spawn({ path: '/bin/sleep', argv: ['sleep', '1000'], env: [], fds: [] });
  const pidfd = sys().pidfdOpen(pid);
  t.deepEqual(sys().poll([pidfd], 0), []);
  sys().pidfdSendSignal(pidfd, 15);
  t.deepEqual(sys().poll([pidfd], deadlineMs), [pidfd]);
  t.is((await sys().wait(pid)).signal, 15);
  t.throws(() => sys().pidfdSendSignal(pidfd, 15), { code: 'ESRCH' });
  closeSync(pidfd);
});

test('run() and runSync() give exit code, signal and both streams, also large ones', async (t) => {
  const line = 'head -c 300000 /dev/zero; head -c 200000 /dev/zero >&2; exit 3';
  for (const result of [await run(['sh', '-c', line]), runSync(['sh', '-c', line])]) {
    t.deepEqual([result.exitCode, result.stdout.length, result.stderr.length, result.signal], [3, 300_000, 200_000, undefined]);
  }
  for (const result of [await run(['sh', '-c', 'kill -TERM $$']), runSync(['sh', '-c', 'kill -TERM $$'])]) t.deepEqual([result.exitCode, result.signal], [143, 15]);
});

test('run() feeds its input, and does not mind a program that leaves it unread', async (t) => {
  const input = Buffer.alloc(1 << 20, 'x');
  t.is((await run(['cat'], { input })).stdout.length, input.length);
  t.is((await run(['true'], { input })).exitCode, 0);
  t.is((await run(['cat'], { input: '' })).stdout.length, 0);
});

test('many run() at once do not wait for each other', async (t) => {
  const results = await Promise.all(Array.from({ length: 12 }, () => run(['sh', '-c', 'cat; echo done'], { input: Buffer.alloc(200_000) })));
  t.true(results.every(({ stdout }) => stdout.toString().endsWith('done\n')));
});

test('run() and runSync() end a program that runs too long or says too much, and name one that is missing', async (t) => {
  const slow = ['sleep', '1000'];
  const loud = ['sh', '-c', 'while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done'];
  await t.throwsAsync(run(slow, { timeoutMs: 50 }), { code: 'HELPER_FAILED', message: 'run "sleep": no end after 50 ms' });
  t.throws(() => runSync(slow, { timeoutMs: 50 }), { code: 'HELPER_FAILED' });
  await t.throwsAsync(run(loud, { maxOutputBytes: 100_000 }), { code: 'HELPER_FAILED', message: /more than 100000 bytes/ });
  t.throws(() => runSync(loud, { maxOutputBytes: 100_000 }), { code: 'HELPER_FAILED' });
  await t.throwsAsync(run(['no-such-program-here']), { code: 'HELPER_MISSING', message: /"no-such-program-here": program not found/ });
});

test('spawnStream() connects pipes where asked', async (t) => {
  const child = spawnStream(['sh', '-c', 'cat >&2'], { stdin: 'pipe', stdout: 'null', stderr: 'pipe' });
  t.is(child.stdout, undefined);
  writeSync(child.stdin as number, 'through');
  closeSync(child.stdin as number);
  t.deepEqual(await child.ended, { exitCode: 0, signal: undefined });
  t.is(readFileSync(child.stderr as number, 'utf8'), 'through');
  closeSync(child.stderr as number);
  t.notThrows(() => child.kill(9)); // ended already
});
