/** The programs and the device of user-mode networking. */
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { isErrno } from '../../lib/errors.ts';
import { join } from '../../lib/paths.ts';
import { unmount } from '../bind-mount.ts';
import { findProgram } from '../find-program.ts';
import { knownOptions } from '../program-options.ts';
import { removeTree } from '../remove-tree.ts';
import { runSync, spawnStream } from '../run.ts';
import { session } from '../session.ts';
import { sys } from '../sys.ts';
import { type Check, fail, ok, type Verdict, warn } from './index.ts';
import { installCommand } from './packages.ts';
import { readNumber } from './read.ts';

const tunPath = '/dev/net/tun';

function tun(): Verdict {
  try {
    closeSync(openSync(tunPath, 'r+'));
    return ok(tunPath);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return fail(`${tunPath} is missing: only --network none and host will work`, 'sudo modprobe tun; where that fails after a kernel update, reboot');
    if (isErrno(error, 'ENODEV', 'ENXIO')) return fail(`${tunPath} has no driver: only --network none and host will work`, 'sudo modprobe tun');
    if (isErrno(error, 'EACCES', 'EPERM')) return fail(`${tunPath} may not be opened: only --network none and host will work`, `sudo chmod 666 ${tunPath}`);
    throw error;
  }
}

/** Runs `fn` with the path of a fresh network namespace, bound in this process's own mount namespace. */
function withNetns(fn: (path: string) => Verdict): Verdict {
  const place = mkdtempSync(join(session().runtimeDir, 'doctor-'));
  const path = join(place, 'netns');
  let bound = false;
  try {
    writeFileSync(path, '');
    sys().createNetns(path);
    bound = true;
    return fn(path);
  } finally {
    if (bound) unmount(path, { lazy: true });
    removeTree(place);
  }
}

const other = { pasta: 'slirp4netns', slirp4netns: 'pasta' } as const;

/** A driver that can't start is a failure only where the other one is missing too. */
function driver(name: 'pasta' | 'slirp4netns', start: (program: string, netns: string) => string | undefined): Verdict {
  const program = findProgram(name);
  const bad = findProgram(other[name]) === undefined ? fail : warn;
  if (program === undefined) return bad('not installed', installCommand(name));
  if (session().userns.kind !== 'entered') return warn('not tried without a user namespace');
  return withNetns((netns) => {
    const reason = start(program, netns);
    return reason === undefined ? ok(`starts (${program})`) : bad(`does not start: ${reason}`);
  });
}

/** Daemonises once it is ready; ends when its namespace is gone, which is right after. */
function startPasta(program: string, netns: string): string | undefined {
  const pidFile = `${netns}.pid`;
  const result = runSync([program, '--config-net', '-q', '-t', 'none', '-u', 'none', '-T', 'none', '-U', 'none', '-P', pidFile, '--netns', netns], { timeoutMs: 10_000, stderr: 'capture' });
  const pid = readNumber(pidFile);
  if (pid !== undefined) terminate(pid);
  return result.exitCode === 0 ? undefined : result.stderr.toString().trim() || `exit code ${result.exitCode}`;
}

/** Writes a byte to --ready-fd once it is ready. */
function startSlirp(program: string, netns: string): string | undefined {
  const [readEnd, writeEnd] = sys().pipe();
  const child = spawnStream([program, '--configure', '--ready-fd', '3', '--netns-type=path', netns, 'tap0'], { stdout: 'null', stderr: 'pipe', fds: [[writeEnd, 3]] });
  closeSync(writeEnd);
  try {
    // Where it ends instead, the pipe closes, and there is no byte to read.
    const ready = sys().poll([readEnd], 10_000).length > 0 && readSync(readEnd, Buffer.alloc(1)) === 1;
    child.kill(9);
    sys().waitpid(child.pid, false);
    return ready ? undefined : readFileSync(child.stderr ?? -1, 'utf8').trim() || 'it did not become ready';
  } finally {
    closeSync(readEnd);
    if (child.stderr !== undefined) closeSync(child.stderr);
  }
}

function terminate(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}

/** Without it a container with pasta has no way to this host: it has the host's own address for itself. */
function hostByName(): Verdict {
  const program = findProgram('pasta');
  if (program === undefined) return ok('host.containers.internal, by slirp4netns');
  if (knownOptions(program, ['map-guest-addr']).size > 0) return ok('host.containers.internal');
  return warn('no host.containers.internal with pasta: this one is older than --map-guest-addr', 'install passt of September 2024 or newer; until then --network=slirp4netns reaches this host, and --network=pasta:--map-gw its loopback as well');
}

function nameServer(): Verdict {
  const folders = ['/usr/local/libexec/podman', '/usr/local/lib/podman', '/usr/libexec/podman', '/usr/lib/podman'];
  const missing = ['netavark', 'aardvark-dns'].filter((name) => findProgram(name, folders) === undefined);
  if (missing.length > 0) return warn(`${missing.join(' and ')} not installed: no networks with names and bridges`, installCommand(missing.join(' ')));
  return ok('netavark and aardvark-dns');
}

function lowPorts(): Verdict {
  const first = readNumber('/proc/sys/net/ipv4/ip_unprivileged_port_start') ?? 1024;
  return ok(first <= 1 ? 'any' : `from ${first} on (for lower ones: sudo sysctl -w net.ipv4.ip_unprivileged_port_start=PORT)`);
}

export const networkChecks: readonly Check[] = [
  { group: 'network', title: 'tun device', run: tun },
  { group: 'network', title: 'pasta', run: () => driver('pasta', startPasta) },
  { group: 'network', title: 'slirp4netns', run: () => driver('slirp4netns', startSlirp) },
  { group: 'network', title: 'way to this host', run: hostByName },
  { group: 'network', title: 'name server', run: nameServer },
  { group: 'network', title: 'published ports', run: lowPorts },
];
