import { chmodSync, mkdtempSync, openSync, closeSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { deadlineMs, until } from '../helpers/deadline.ts';
import { acquire, claim, isHeld, tryAcquire, withLock } from '../../src/host/locks.ts';
import { isTerminal, terminalSize } from '../../src/host/tty.ts';
import { findProgram } from '../../src/host/find-program.ts';
import { sys } from '../../src/host/sys.ts';

const program = fileURLToPath(new URL('../fixtures/host-program.js', import.meta.url));

function lockFile(t: ExecutionContext): string {
  const dir = mkdtempSync('/var/tmp/skiff-host-');
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, 'lock');
}

test('isHeld() is true for an exclusive lock only, false for a missing file, and makes none', (t) => {
  const path = lockFile(t);
  t.false(isHeld(path));
  t.deepEqual(readdirSync(join(path, '..')), []);
  const shared = acquire(path, 'shared');
  t.false(isHeld(path));
  shared.release();
  const lock = acquire(path, 'exclusive');
  t.true(isHeld(path));
  lock.release();
  lock.release(); // idempotent
  t.false(isHeld(path));
  t.false(isHeld(join(path, 'below-a-file')));
});

test('tryAcquire(): many shared, one exclusive', (t) => {
  const path = lockFile(t);
  const locks = [tryAcquire(path, 'shared'), tryAcquire(path, 'shared')];
  t.true(locks.every((lock) => lock !== undefined));
  t.is(tryAcquire(path, 'exclusive'), undefined);
  locks.forEach((lock) => lock?.release());
  const only = tryAcquire(path, 'exclusive');
  t.truthy(only);
  t.is(tryAcquire(path, 'shared'), undefined);
  only?.release();
});

test('acquire() of a file that was replaced while waiting locks the new one', async (t) => {
  const path = lockFile(t);
  const old = acquire(path, 'exclusive');
  const [readEnd, writeEnd] = sys().pipe();
  const holder = sys().spawn({ path: process.execPath, argv: ['node', program, 'hold', path], env: [], fds: [[writeEnd, 1], [2, 2]] });
  closeSync(writeEnd);
  // Until it stands in line: before that it could open the new file right away.
  await until(() => readFileSync('/proc/locks', 'utf8').split('\n').some((line) => line.includes('->') && line.includes(` ${holder} `)));
  t.deepEqual(sys().poll([readEnd], 0), [], 'it waits');
  writeFileSync(`${path}.new`, '');
  renameSync(`${path}.new`, path);
  old.release();
  t.deepEqual(sys().poll([readEnd], deadlineMs), [readEnd]);
  t.true(isHeld(path));
  process.kill(holder, 'SIGKILL');
  await sys().wait(holder);
  t.false(isHeld(path));
  closeSync(readEnd);
});

test('a lock lives as long as any process has its descriptor', async (t) => {
  const path = lockFile(t);
  const lock = acquire(path, 'exclusive');
  const [readEnd, writeEnd] = sys().pipe();
  const child = sys().spawn({ path: '/bin/cat', argv: ['cat'], env: [], fds: [[readEnd, 0], [lock.fd, 9]] });
  closeSync(readEnd);
  lock.release();
  t.true(isHeld(path));
  closeSync(writeEnd);
  await sys().wait(child);
  t.false(isHeld(path));
});

test('claim() is not fooled by probes, and fails at once where the file is claimed', (t) => {
  const path = lockFile(t);
  const probe = acquire(path, 'shared');
  const releasing = openSync(path, 'r');
  // The probe ends while claim() waits: another process drops it, since this one is busy waiting.
  const child = sys().spawn({ path: '/bin/sleep', argv: ['sleep', '0.2'], env: [], fds: [[probe.fd, 9]] });
  probe.release();
  const mine = claim(path);
  t.truthy(mine);
  t.is(claim(path), undefined);
  mine?.release();
  closeSync(releasing);
  sys().waitpid(child, false);
});

test('withLock() releases after success and after failure', async (t) => {
  const path = lockFile(t);
  t.is(await withLock(path, 'exclusive', () => isHeld(path)), true);
  await t.throwsAsync(withLock(path, 'exclusive', async () => { throw new Error('inside'); }), { message: 'inside' });
  t.false(isHeld(path));
});

test('a lock file that may not be written can still be shared', (t) => {
  if (process.getuid?.() === 0) return t.pass('root may write everything');
  const path = lockFile(t);
  writeFileSync(path, '');
  chmodSync(path, 0o400);
  const lock = tryAcquire(path, 'shared');
  t.truthy(lock);
  lock?.release();
  t.throws(() => acquire(path, 'exclusive'), { code: 'EACCES' });
  return undefined;
});

test('isTerminal() and terminalSize() of a pipe, a file and a closed descriptor', (t) => {
  const [readEnd, writeEnd] = sys().pipe();
  for (const fd of [readEnd, writeEnd, 9999]) {
    t.false(isTerminal(fd));
    t.is(terminalSize(fd), undefined);
  }
  closeSync(readEnd);
  closeSync(writeEnd);
});

test.serial('findProgram() looks in extra folders, PATH and the system, never in relative ones', (t) => {
  const dir = join(lockFile(t), '..');
  writeFileSync(join(dir, 'tool'), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(join(dir, 'text'), '', { mode: 0o644 });
  const before = process.env['PATH'];
  const where = process.cwd();
  t.teardown(() => {
    process.env['PATH'] = before;
    process.chdir(where);
  });
  process.chdir(dir);
  process.env['PATH'] = '.::relative';
  t.is(findProgram('tool'), undefined);
  t.is(findProgram('tool', [dir]), join(dir, 'tool'));
  t.is(findProgram('text', [dir]), undefined);
  t.is(findProgram('./tool'), join(dir, 'tool'));
  t.is(findProgram(dir), undefined);
  t.regex(findProgram('sh') ?? '', /^\/(?:usr\/)?bin\/sh$/);
  for (const name of ['', 'a\0b', '/no/such']) t.is(findProgram(name), undefined);
  process.env['PATH'] = dir;
  t.is(findProgram('tool'), join(dir, 'tool'));
});
