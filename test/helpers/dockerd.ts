/**
 * A real rootless dockerd as the judge of the store. Debian's docker.io and containerd packages are unpacked, not installed
 * (installing would start a service), into a cache folder that is kept between runs. The daemon runs inside skiff's own user
 * namespace, with mount, network, pid and cgroup namespaces of its own.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { skiffBin, type Result, type World } from './world.ts';

const cache = `/var/tmp/skiff-test-docker-${process.getuid?.() ?? 0}`;

/** Folder with the unpacked programs, fetched on first use; a string in `missing` tells why it can't be had. */
export function dockerPrograms(): { dir: string } | { missing: string } {
  const dir = join(cache, 'programs');
  if (existsSync(join(dir, 'usr/sbin/dockerd'))) return { dir };
  if (spawnSync('sh', ['-c', 'command -v apt-get && command -v dpkg']).status !== 0) return { missing: 'not a Debian machine' };
  const staging = join(cache, `staging-${process.pid}`);
  mkdirSync(staging, { recursive: true });
  const fetched = spawnSync('apt-get', ['download', 'docker.io', 'containerd'], { cwd: staging, encoding: 'utf8' });
  if (fetched.status !== 0) return { missing: `apt-get download: ${fetched.stderr}` };
  for (const file of readdirSync(staging).filter((name) => name.endsWith('.deb'))) {
    const unpacked = spawnSync('dpkg', ['-x', file, 'tree'], { cwd: staging, encoding: 'utf8' });
    if (unpacked.status !== 0) return { missing: `dpkg -x ${file}: ${unpacked.stderr}` };
  }
  const own = join(staging, 'tree', 'own');
  mkdirSync(own);
  // dockerd refuses to be rootless without this program; it is only run for published ports, which no test here asks for.
  writeFileSync(join(own, 'rootlesskit-docker-proxy'), '#!/bin/sh\nexit 1\n');
  chmodSync(join(own, 'rootlesskit-docker-proxy'), 0o755);
  symlinkSync('/usr/bin/crun', join(own, 'runc'));
  rmSync(dir, { recursive: true, force: true });
  renameSync(join(staging, 'tree'), dir);
  rmSync(staging, { recursive: true });
  return { dir };
}

const daemonScript = `
set -u
mount --make-rprivate /
umount -l /sys/fs/cgroup 2>/dev/null || true
mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs none /run
mkdir -p /run/d/state
export ROOTLESSKIT_STATE_DIR=/run/d/state ROOTLESSKIT_PARENT_EUID=1000 ROOTLESSKIT_PARENT_EGID=1000 XDG_RUNTIME_DIR=/run/d DOCKER_HOST=unix:///run/d/socket
PATH="$PROGRAMS/own:$PROGRAMS/usr/bin:$PROGRAMS/usr/sbin:$PATH"
dockerd --rootless --data-root "$DATA" --exec-root /run/d/exec -H "$DOCKER_HOST" --bridge none --iptables=false --ip6tables=false \\
  --storage-driver overlay2 --pidfile /run/d/pid >"$LOG" 2>&1 &
daemon=$!
until docker version >/dev/null 2>&1; do
  kill -0 $daemon 2>/dev/null || { cat "$LOG" >&2; exit 99; }
done
eval "$SCRIPT"
status=$?
kill $daemon
wait $daemon
exit $status
`;

/**
 * Starts dockerd on the data root `data`, runs the shell text `script` (which may call `docker`), stops the daemon. The result
 * is that of `script`.
 */
export function withDockerd(world: World, programs: string, data: string, script: string): Result {
  const env = { PROGRAMS: programs, DATA: data, SCRIPT: script, LOG: join(world.dir, 'dockerd.log') };
  return world.run([skiffBin, 'unshare', 'unshare', '--mount', '--net', '--pid', '--cgroup', '--fork', '--mount-proc', 'sh', '-c', daemonScript], { env, timeoutMs: 180_000 });
}
