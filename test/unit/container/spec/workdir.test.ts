import { mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { checkRootfs } from '../../../../src/container/spec/rootfs-check.ts';
import { ensureWorkdir, type WorkdirHost } from '../../../../src/container/spec/workdir.ts';
import { isCode } from '../../../../src/lib/errors.ts';

/** A tree in memory: folder names, and links that lead to a folder or to nothing. Descriptors are real ones, since they get closed. */
function makeHost(folders: readonly string[], links: Readonly<Record<string, string>> = {}): WorkdirHost & { made: string[] } {
  const known = new Set(['/', ...folders]);
  const paths = new Map<number, string>();
  const made: string[] = [];
  const resolve = (path: string): string => {
    const link = Object.keys(links).find((name) => path === name || path.startsWith(`${name}/`));
    return link === undefined ? path : `${links[link] ?? ''}${path.slice(link.length)}`;
  };
  return {
    made,
    open(path) {
      const real = resolve(path);
      if (!known.has(real)) return undefined;
      const fd = openSync('/dev/null', 'r');
      paths.set(fd, real);
      return fd;
    },
    locate: (fd) => paths.get(fd) ?? '',
    makeDirectory(parent, name, mode, owner) {
      const path = `${paths.get(parent) === '/' ? '' : (paths.get(parent) ?? '')}/${name}`;
      if (path in links || known.has(path)) throw Object.assign(new Error('EEXIST: file exists, mkdirat'), { code: 'EEXIST', syscall: 'mkdirat' });
      known.add(path);
      made.push(`${path} ${mode.toString(8)} ${owner.uid}:${owner.gid}`);
    },
  };
}

const owner = { uid: 33, gid: 34 };

test('ensureWorkdir() makes what is missing, for its owner', (t) => {
  const host = makeHost(['/srv']);
  t.true(ensureWorkdir(host, '/srv/a/b', owner, { mountDestinations: [] }));
  t.deepEqual(host.made, ['/srv/a 755 33:34', '/srv/a/b 755 33:34']);
  t.false(ensureWorkdir(host, '/srv/a/b', owner, { mountDestinations: [] }));
  t.false(ensureWorkdir(host, '/', owner, { mountDestinations: [] }));
});

test('ensureWorkdir() goes through links that stay inside, and leaves mounts alone', (t) => {
  const host = makeHost(['/home', '/home/me'], { '/link': '/home/me' });
  t.true(ensureWorkdir(host, '/link/x', owner, { mountDestinations: [] }));
  t.deepEqual(host.made, ['/home/me/x 755 33:34']);
  t.false(ensureWorkdir(host, '/vol/deep', owner, { mountDestinations: ['/vol'] }));
  t.false(ensureWorkdir(host, '/vol', owner, { mountDestinations: ['/vol'] }));
  t.true(ensureWorkdir(host, '/volume', owner, { mountDestinations: ['/vol'] }));
});

test('ensureWorkdir() refuses links to nowhere and below /proc', (t) => {
  const host = makeHost(['/proc', '/proc/self', '/proc/self/fd', '/proc/self/fd/7'], { '/gone': '/nowhere', '/leak': '/proc/self/fd/7', '/p': '/proc' });
  for (const cwd of ['/gone', '/gone/x', '/leak', '/leak/x', '/p', '/p/new']) t.true(isCode(t.throws(() => ensureWorkdir(host, cwd, owner, { mountDestinations: [] }), undefined, cwd), 'USAGE'), cwd);
  t.deepEqual(host.made, []);
});

test('ensureWorkdir() tells a folder that is missing from something else that is there, where the user has asked for it', (t) => {
  const host = makeHost(['/etc'], { '/etc/gone': '/nowhere' });
  const withFile: WorkdirHost = { ...host, open: (path, flags) => (path === '/etc/passwd' && flags === undefined ? openSync('/dev/null', 'r') : host.open(path, flags)) };
  const refusal = (cwd: string): string => (t.throws(() => ensureWorkdir(withFile, cwd, owner, { mountDestinations: [], asked: 'ID' })) as Error).message;
  t.is(refusal('/etc/passwd'), 'workdir "/etc/passwd" exists on container ID, but is not a directory');
  t.is(refusal('/ect'), 'workdir "/ect" does not exist on container ID');
  t.is(refusal('/etc/gone'), 'workdir "/etc/gone" does not exist on container ID');
});

test('checkRootfs() refuses links and files at /dev, /proc and /sys', (t) => {
  const rootfs = mkdtempSync(join(tmpdir(), 'skiff-'));
  t.teardown(() => rmSync(rootfs, { recursive: true }));
  t.notThrows(() => checkRootfs(rootfs));
  mkdirSync(join(rootfs, 'dev'));
  t.notThrows(() => checkRootfs(rootfs));
  for (const name of ['proc', 'sys', 'dev']) {
    rmSync(join(rootfs, name), { recursive: true, force: true });
    symlinkSync('/tmp', join(rootfs, name));
    t.true(isCode(t.throws(() => checkRootfs(rootfs)), 'CONFIG_INVALID'), name);
    rmSync(join(rootfs, name));
    writeFileSync(join(rootfs, name), '');
    t.true(isCode(t.throws(() => checkRootfs(rootfs)), 'CONFIG_INVALID'), name);
    rmSync(join(rootfs, name));
  }
});
