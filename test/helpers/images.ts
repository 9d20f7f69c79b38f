/** Images for tests, made from the machine's static busybox: no registry needed. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import type { World } from './world.ts';

const applets = ['sh', 'ls', 'cat', 'echo', 'true', 'false', 'sleep', 'id', 'env', 'pwd', 'touch', 'mkdir', 'rm', 'ln', 'grep', 'head', 'tail', 'wc', 'kill', 'ps', 'stty',
  'tty', 'test', 'hostname', 'mount', 'umount', 'nc', 'wget', 'ip', 'yes', 'seq', 'dd', 'od', 'chmod', 'chown', 'cp', 'mv', 'printf', 'stat', 'su', 'date', 'trap', 'uname',
  'readlink', 'find', 'sort', 'tr', 'cut', 'sed', 'awk', 'tar', 'df', 'mktemp', 'md5sum', 'sha256sum', 'nproc', 'sync', 'usleep', 'httpd', 'hexdump', 'basename', 'dirname', 'xargs', 'tee', 'which', 'mknod', 'unshare', 'setpriv'];

export interface RootfsOptions {
  /** Extra entries: path -> text, or a link target with "->" in front. */
  files?: Record<string, string>;
}

/** Writes a busybox root file system into a fresh folder below `world.dir` and returns its path. */
export function busyboxRootfs(world: World, options: RootfsOptions = {}): string {
  const dir = mkdtempSync(join(world.dir, 'rootfs-'));
  for (const folder of ['bin', 'etc', 'tmp', 'root', 'var', 'home']) mkdirSync(join(dir, folder));
  const busybox = ['/bin/busybox', '/usr/bin/busybox', '/usr/bin/busybox-static'].find((path) => existsSync(path));
  if (busybox === undefined) throw new Error('no static busybox on this machine');
  copyFileSync(busybox, join(dir, 'bin', 'busybox'));
  for (const applet of applets) symlinkSync('busybox', join(dir, 'bin', applet));
  writeFileSync(join(dir, 'etc', 'passwd'), 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n');
  writeFileSync(join(dir, 'etc', 'group'), 'root:x:0:\nwheel:x:10:user\nuser:x:1000:\nnogroup:x:65534:\n');
  for (const [path, content] of Object.entries(options.files ?? {})) {
    mkdirSync(join(dir, path, '..'), { recursive: true });
    rmSync(join(dir, path), { force: true });
    if (content.startsWith('->')) symlinkSync(content.slice(2), join(dir, path));
    else writeFileSync(join(dir, path), content, { mode: 0o755 });
  }
  return dir;
}

/** Packs a folder as a plain tar with root as owner; returns the file's path. */
export function tarOf(folder: string): string {
  const file = `${folder}.tar`;
  const done = spawnSync('tar', ['--numeric-owner', '--owner=0', '--group=0', '-C', folder, '-cf', file, '.']);
  if (done.status !== 0) throw new Error(done.stderr.toString());
  return file;
}

/** Imports a busybox image under `name` into the world's store; returns the image id. */
export function importBusybox(world: World, name = 'busybox:latest', options: RootfsOptions & { changes?: readonly string[] } = {}): string {
  const rootfs = busyboxRootfs(world, options);
  const tar = tarOf(rootfs);
  const changes = (options.changes ?? []).flatMap((change) => ['--change', change]);
  const done = world.skiff(['import', ...changes, tar, name]);
  if (done.code !== 0) throw new Error(`import: ${done.stderr}`);
  rmSync(tar);
  rmSync(rootfs, { recursive: true });
  return done.stdout.trim();
}
