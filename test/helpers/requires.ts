/**
 * What a test needs, told by name. A need that the machine lacks skips the test loudly: the reason goes to the table at the
 * end of the run. Under CI=true a skip is a failure, save for those needs that set-up can't provide (listed in `optional`).
 */
import { accessSync, appendFileSync, constants, readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import type { ExecutionContext } from 'ava';
import { registryProgram } from './registry.ts';
import { skiffBin } from './world.ts';

export type Need = 'userns' | 'fuse' | 'tun' | 'pure-cgroup2' | 'hybrid-cgroup' | 'pasta' | 'slirp4netns' | 'podman' | 'skopeo' | 'mmdebstrap' | 'dockerd' | 'systemd-user' | 'bash' | 'zsh' | 'fish' | 'strace' | 'gcc' | 'docker-registry';

/** Needs that no set-up can provide on some machines; their absence is a skip even in CI. */
const optional: ReadonlySet<Need> = new Set<Need>(['pure-cgroup2', 'hybrid-cgroup', 'systemd-user', 'dockerd']);

const known = new Map<Need, string | undefined>();

/** The reason why `need` is not met here, or undefined where it is. */
export function missing(need: Need): string | undefined {
  if (!known.has(need)) known.set(need, probe(need));
  return known.get(need);
}

/**
 * To be called first in a test: returns true when it can go on. Otherwise it logs the skip, passes the test (or fails it
 * under CI=true where set-up should have provided the need) and returns false.
 */
export function requires(t: ExecutionContext, ...needs: Need[]): boolean {
  for (const need of needs) {
    const reason = missing(need);
    if (reason === undefined) continue;
    if (process.env['CI'] === 'true' && !optional.has(need)) {
      t.fail(`needs ${need}: ${reason}`);
    } else {
      const table = process.env['SKIFF_TEST_SKIPS'];
      if (table !== undefined) appendFileSync(table, `${JSON.stringify({ test: t.title, need, reason })}\n`);
      t.log(`SKIPPED, needs ${need}: ${reason}`);
      t.pass();
    }
    return false;
  }
  return true;
}

function probe(need: Need): string | undefined {
  switch (need) {
    case 'userns': {
      const done = spawnSync(skiffBin, ['unshare', 'true'], { encoding: 'utf8' });
      return done.status === 0 ? undefined : `skiff unshare true: ${done.stderr}`;
    }
    case 'fuse': return readWritable('/dev/fuse') ?? program('fuse-overlayfs');
    case 'tun': return readWritable('/dev/net/tun');
    case 'pure-cgroup2': return cgroup2AtRoot() ? undefined : 'the cgroup tree is not pure v2';
    case 'hybrid-cgroup': return cgroup2AtRoot() ? 'the cgroup tree is pure v2' : undefined;
    case 'docker-registry': {
      const found = registryProgram();
      return 'missing' in found ? found.missing : undefined;
    }
    case 'systemd-user': return spawnSync('systemctl', ['--user', 'is-system-running']).status === 0 ? undefined : 'no systemd user manager';
    case 'pasta': case 'slirp4netns': case 'podman': case 'skopeo': case 'mmdebstrap': case 'dockerd':
    case 'bash': case 'zsh': case 'fish': case 'strace': case 'gcc':
      return program(need);
  }
}

function cgroup2AtRoot(): boolean {
  return readFileSync('/proc/self/mountinfo', 'utf8').split('\n').some((line) => {
    const [left = '', right = ''] = line.split(' - ');
    return left.split(' ')[4] === '/sys/fs/cgroup' && right.startsWith('cgroup2 ');
  });
}

function readWritable(path: string): string | undefined {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function program(name: string): string | undefined {
  const done = spawnSync('sh', ['-c', 'command -v "$1"', 'sh', name]);
  return done.status === 0 ? undefined : `${name} is not installed`;
}
