/** What a container of the monitor's tests is made of: the machine's static busybox, a config.json, the OCI runtime. */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { MonitorOptions } from './monitor.ts';

export function runtimeArgs(runtime: string | undefined, dir: string): string[] {
  if (runtime !== undefined) return ['--runtime', runtime];
  const found = process.env['SKIFF_TEST_RUNTIME'] ?? spawnSync('sh', ['-c', 'command -v crun'], { encoding: 'utf8' }).stdout.trim();
  return ['--runtime', found, '--runtime-arg', '--root', '--runtime-arg', join(dir, 'state'), '--runtime-arg', '--cgroup-manager', '--runtime-arg', 'disabled'];
}

export function makeRootfs(rootfs: string): void {
  const busybox = ['/bin/busybox', '/usr/bin/busybox'].find((path) => existsSync(path));
  if (busybox === undefined) throw new Error('needs a static busybox');
  for (const name of ['bin', 'proc', 'dev', 'tmp']) mkdirSync(join(rootfs, name), { recursive: true });
  copyFileSync(busybox, join(rootfs, 'bin/busybox'));
  chmodSync(join(rootfs, 'bin/busybox'), 0o755);
  for (const applet of ['sh', 'cat', 'echo', 'sleep', 'seq', 'true', 'false', 'stty', 'yes', 'head', 'dd', 'printf', 'kill', 'awk', 'mkdir', 'tty', 'usleep', 'od', 'tr', 'wc', 'nohup', 'setsid', 'env']) {
    linkOrSymlink(join(rootfs, 'bin', applet));
  }
}

function linkOrSymlink(path: string): void {
  if (!existsSync(path)) symlinkSync('busybox', path);
}

export function bundleConfig(rootfs: string, options: MonitorOptions): Record<string, unknown> {
  const caps = ['CAP_KILL', 'CAP_DAC_OVERRIDE'];
  const config: Record<string, unknown> = {
    ociVersion: '1.0.2',
    process: {
      terminal: options.terminal === true, user: { uid: 0, gid: 0 }, args: options.command, env: ['PATH=/bin', 'TERM=xterm'], cwd: '/',
      capabilities: { bounding: caps, effective: caps, permitted: caps }, noNewPrivileges: true,
    },
    root: { path: rootfs, readonly: false },
    hostname: 'monitored',
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=65536k'] },
      { destination: '/dev/pts', type: 'devpts', source: 'devpts', options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'] },
    ],
    linux: { namespaces: [{ type: 'pid' }, { type: 'ipc' }, { type: 'uts' }, { type: 'mount' }, { type: 'network' }] },
  };
  options.config?.(config);
  return config;
}
