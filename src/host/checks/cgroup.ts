/** cgroups, and what ends containers behind the user's back. */
import { existsSync, mkdirSync, rmdirSync } from 'node:fs';
import { describeSystemError, isSystemError } from '../../lib/errors.ts';
import { join } from '../../lib/paths.ts';
import { cgroupOf, cgroupTree } from '../cgroup/own.ts';
import { managerCgroup, userBus } from '../cgroup/user-manager.ts';
import { session } from '../session.ts';
import { type Check, fail, ok, type Verdict, warn } from './index.ts';
import { readText, userName } from './read.ts';

/** What our flags for limits stand on: --cpus, --cpuset-cpus, --memory, --pids-limit. None needs io, which no common distribution delegates. */
const useful = ['cpu', 'cpuset', 'memory', 'pids'];

const delegate =
  "sudo mkdir -p /etc/systemd/system/user@.service.d && printf '[Service]\\nDelegate=cpu cpuset io memory pids\\n'" +
  ' | sudo tee /etc/systemd/system/user@.service.d/delegate.conf >/dev/null && sudo systemctl daemon-reload; then log in anew';

const unified = 'boot with the kernel parameter systemd.unified_cgroup_hierarchy=1';
const mountUnified = 'mount it: sudo mount -t cgroup2 none /sys/fs/cgroup';

function version(): Verdict {
  switch (session().cgroup) {
    case 'v2': return ok('v2');
    case 'private': return warn('hybrid or v1: containers run, without limits of memory, cpu and processes', unified);
    case 'none': return session().userns.kind === 'refused' ? fail('not tried without a user namespace') : warn('no cgroup2: only with --cgroups=disabled', mountUnified);
  }
}

/** The folder that systemd gave to the user's manager, or the one we are in. */
function delegatedFolder(uid: number, own: string): string {
  const manager = join(cgroupTree, managerCgroup(uid));
  return existsSync(manager) ? manager : join(cgroupTree, own);
}

/** Makes a cgroup and removes it again: the only proof that one may. */
function delegation(): Verdict {
  const { cgroup, userns } = session();
  if (userns.kind === 'refused') return fail('not tried without a user namespace');
  if (cgroup !== 'v2') return warn('none to write to', cgroup === 'none' ? mountUnified : unified);
  const own = cgroupOf('self');
  if (own === undefined) return warn('this process is in no v2 cgroup', unified);
  const folder = delegatedFolder(session().hostUid, own);
  const trial = join(folder, `skiff-doctor-${process.pid}`);
  try {
    mkdirSync(trial);
    rmdirSync(trial);
  } catch (error) {
    const cause = isSystemError(error) ? describeSystemError(error) : String(error);
    return warn(`not delegated: ${cause}`, existsSync('/run/systemd/system') ? 'log in with a session of your own (ssh, machinectl shell), not by su or cron' : 'run skiff below a cgroup that is yours');
  }
  if (existsSync('/run/systemd/system') && session().hostUid !== 0 && userBus() === undefined) {
    return warn('the user\'s systemd can\'t be asked for scopes: there is no D-Bus of the user', 'install dbus-user-session, then log in with a session of your own (ssh, machinectl shell), or: loginctl enable-linger');
  }
  return controllersVerdict((readText(join(folder, 'cgroup.controllers')) ?? '').trim().split(' '));
}

export function controllersVerdict(there: readonly string[]): Verdict {
  const missing = useful.filter((name) => !there.includes(name));
  if (missing.length === 0) return ok(useful.join(' '));
  const found = useful.filter((name) => there.includes(name));
  return warn(`${found.length === 0 ? 'no controller' : found.join(' ')}; without ${missing.join(' ')}`, delegate);
}

function linger(): Verdict {
  if (!existsSync('/run/systemd/system')) return ok('no systemd: nothing ends containers at logout');
  const { hostUid } = session();
  const user = userName(hostUid);
  if (hostUid === 0) return ok('not needed for root');
  if (user !== undefined && existsSync(`/var/lib/systemd/linger/${user}`)) return ok('on');
  return warn('off: containers end when you log out', `loginctl enable-linger ${user ?? String(hostUid)}`);
}

export const cgroupChecks: readonly Check[] = [
  { group: 'cgroups', title: 'version', run: version },
  { group: 'cgroups', title: 'delegated', run: delegation },
  { group: 'cgroups', title: 'linger', run: linger },
];
