/** Paths of container origin with the real kernel: whatever a tree holds, what is opened is inside it. */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { RootHandle } from '../../src/host/in-root.ts';
import { isCode, isErrno } from '../../src/lib/errors.ts';

function makeTree(t: ExecutionContext): { outside: string; tree: string; root: RootHandle } {
  const outside = mkdtempSync(join(tmpdir(), 'skiff-'));
  const tree = join(outside, 'tree');
  mkdirSync(join(tree, 'etc'), { recursive: true });
  writeFileSync(join(outside, 'secret'), 'of the host');
  writeFileSync(join(tree, 'etc', 'passwd'), 'of the image');
  const root = new RootHandle(tree);
  t.teardown(() => {
    root.close();
    rmSync(outside, { recursive: true });
  });
  return { outside, tree, root };
}

test('readFile() follows links inside the root and never out of it', (t) => {
  const { outside, tree, root } = makeTree(t);
  const links = { absolute: join(outside, 'secret'), dotted: '../../../../../../../../../etc/passwd', inner: '/etc/passwd', magic: '/proc/self/root/etc/passwd', loop: 'loop' };
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(tree, name));
  const read = (path: string): string | undefined => root.readFile(path, 1000)?.toString();
  t.is(read('/etc/passwd'), 'of the image');
  t.is(read('etc/../../../etc/passwd'), 'of the image');
  t.is(read('/inner'), 'of the image');
  t.is(read('/dotted'), 'of the image');
  t.is(read('/absolute'), undefined);
  t.is(read('/magic'), undefined);
  t.is(read('/etc/passwd/x'), undefined);
  t.true(isErrno(t.throws(() => read('/loop')), 'ELOOP'));
});

test('readFile() reads regular files of a sane size only, and never hangs', (t) => {
  const { tree, root } = makeTree(t);
  t.is(spawnSync('mkfifo', [join(tree, 'fifo')]).status, 0);
  writeFileSync(join(tree, 'huge'), '');
  truncateSync(join(tree, 'huge'), 2 ** 40);
  writeFileSync(join(tree, 'empty'), '');
  for (const name of ['/fifo', '/huge', '/etc', '/']) t.true(isCode(t.throws(() => root.readFile(name, 1000)), 'CONFIG_INVALID'), name);
  t.is(root.readFile('/empty', 0)?.length, 0);
});

test('open(), locate() and makeDirectory() stay inside', (t) => {
  const { outside, tree, root } = makeTree(t);
  symlinkSync(outside, join(tree, 'out'));
  symlinkSync('/etc', join(tree, 'in'));
  t.is(root.open('/out'), undefined);
  const top = root.open('/..', constants.O_DIRECTORY);
  const etc = root.open('/in', constants.O_DIRECTORY);
  if (top === undefined || etc === undefined) throw new Error('not opened');
  t.is(root.locate(top), '/');
  t.is(root.locate(etc), '/etc');
  root.makeDirectory(etc, 'new', 0o750, { uid: 0, gid: 0 });
  t.true(existsSync(join(tree, 'etc', 'new')));
  t.is(statSync(join(tree, 'etc', 'new')).mode & 0o777, 0o750 & ~process.umask());
  t.true(isErrno(t.throws(() => root.makeDirectory(top, 'out', 0o755, { uid: 0, gid: 0 })), 'EEXIST'));
  closeSync(top);
  closeSync(etc);
  t.is(readFileSync(join(outside, 'secret'), 'utf8'), 'of the host');
});
