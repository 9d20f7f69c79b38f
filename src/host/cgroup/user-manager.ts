/** The systemd manager of the invoking user: whether it can be spoken to, and where it keeps its cgroups. */
import { existsSync } from 'node:fs';
import { join } from '../../lib/paths.ts';
import { session } from '../session.ts';
import { cgroupOf } from './own.ts';

/** Its cgroup, as /proc/self/cgroup names it. */
export function managerCgroup(uid: number): string {
  return `/user.slice/user-${uid}.slice/user@${uid}.service`;
}

/**
 * Address of the D-Bus by which the OCI runtime asks it for scopes: the environment's where that is there, else the usual place, which
 * cron, sudo and su leave unsaid; undefined where there is none.
 * @see dbus-daemon(1), systemd's user-runtime-dir@.service(5)
 */
export function userBus(env: NodeJS.ProcessEnv = process.env, uid = session().hostUid): string | undefined {
  const given = env['DBUS_SESSION_BUS_ADDRESS'] ?? '';
  const usual = [env['XDG_RUNTIME_DIR'], `/run/user/${uid}`].flatMap((dir) => (dir?.startsWith('/') === true ? [`unix:path=${join(dir, 'bus')}`] : []));
  return [...(given === '' ? [] : [given]), ...usual].find(isThere);
}

/** Several addresses with ";" between them are tried in turn by who connects; one that is no file is taken at its word. */
function isThere(address: string): boolean {
  return address.split(';').some((one) => {
    const path = /^unix:(?:[^,]*,)*path=([^,]+)/.exec(one)?.[1];
    return path === undefined || existsSync(unescaped(path));
  });
}

/** D-Bus escapes bytes as URLs do. One that is escaped wrongly is no path of anything. */
function unescaped(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '';
  }
}

/** Whether a process is below it: from there to a container's scope the whole way is the user's. True where the process is in no v2 cgroup, or has ended. */
export function isBelowManager(uid: number, pid: number | 'self' = 'self'): boolean {
  const cgroup = cgroupOf(pid);
  return cgroup === undefined || `${cgroup}/`.startsWith(`${managerCgroup(uid)}/`);
}
