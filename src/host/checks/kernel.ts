/** The kernel and the user namespace: what everything else stands on. */
import { statSync } from 'node:fs';
import { release } from 'node:os';
import { isErrno } from '../../lib/errors.ts';
import { findProgram } from '../find-program.ts';
import { session } from '../session.ts';
import { sys } from '../sys.ts';
import { mappedIDs, parseIDMap } from '../userns/id-map.ts';
import { firstFreeID, parseSubordinateIDs } from '../userns/subordinate-ids.ts';
import { type Check, fail, ok, type Verdict, warn } from './index.ts';
import { installCommand } from './packages.ts';
import { readNumber, readText, userName } from './read.ts';

/** -1, 0, 1 by the numbers of dotted versions; what follows the numbers is passed over. */
export function compareVersions(a: string, b: string): number {
  const numbers = (text: string): number[] => (/\d+(?:\.\d+)*/.exec(text)?.[0] ?? '0').split('.').map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}

export function kernelVerdict(version: string): Verdict {
  if (compareVersions(version, '4.18') < 0) return fail(version, 'skiff needs Linux 4.18 or later (FUSE in user namespaces), 5.11 or later to be fast');
  if (compareVersions(version, '5.11') < 0) return warn(`${version}: no overlay in user namespaces, layers go through fuse-overlayfs`, 'use Linux 5.11 or later');
  return ok(version);
}

/** The launcher has tried it before this process began: its result is the test. */
function userNamespace(): Verdict {
  const { userns, launched } = session();
  if (!launched) return fail('not started through the launcher', 'start skiff by its program on PATH, not by its script');
  if (userns.kind === 'refused') return fail(userns.message, userns.hint === '' ? undefined : userns.hint);
  if (userns.kind === 'none') return warn('not tried by this command');
  const restricted = readNumber('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === 1;
  const profile = restricted ? '; AppArmor restricts them, and lets this program' : '';
  return ok(`${userns.created ? 'made one' : 'joined the one of a running container'}${profile}`);
}

/** newuidmap or newgidmap: there, and with the right to write maps. */
function mapper(name: 'newuidmap' | 'newgidmap'): Verdict {
  const path = findProgram(name);
  if (path === undefined) return fail('not installed', installCommand(name));
  if ((statSync(path).mode & 0o4000) !== 0) return ok(`${path}, setuid`);
  if (hasFileCapabilities(path)) return ok(`${path}, with file capabilities`);
  return fail(`${path} is neither setuid root nor has file capabilities`, `sudo chown root:root ${path} && sudo chmod u+s ${path}`);
}

function hasFileCapabilities(path: string): boolean {
  try {
    return sys().lgetxattr(path, 'security.capability') !== undefined;
  } catch (error) {
    // Inside a user namespace capabilities that were given outside can't be shown, but they are there.
    if (isErrno(error, 'EOVERFLOW')) return true;
    throw error;
  }
}

const wanted = 65_536;

function subordinateIDs(): Verdict {
  const { hostUid, userns } = session();
  const user = userName(hostUid);
  const texts = [readText('/etc/subuid') ?? '', readText('/etc/subgid') ?? ''];
  const free = firstFreeID(...texts);
  const range = `${free}-${free + wanted - 1}`;
  const remedy = user === undefined
    ? `give uid ${hostUid} an entry in the user database, then subordinate ids`
    : `sudo usermod --add-subuids ${range} --add-subgids ${range} ${user}`;
  const [users, groups] = userns.kind === 'entered'
    ? (['uid', 'gid'] as const).map((kind) => mappedIDs(parseIDMap(readText(`/proc/self/${kind}_map`) ?? '')) - 1)
    : texts.map((text) => parseSubordinateIDs(text, user, hostUid).reduce((sum, grant) => sum + grant.count, 0));
  return subordinateVerdict(users ?? 0, groups ?? 0, remedy);
}

export function subordinateVerdict(users: number, groups: number, remedy: string): Verdict {
  if (users === 0 || groups === 0) {
    const what = users === 0 && groups === 0 ? 'none' : users === 0 ? 'groups only' : 'users only';
    return warn(`${what}: only images whose files belong to one user will run`, remedy);
  }
  if (Math.min(users, groups) < wanted) return warn(`${users} for users, ${groups} for groups: images may use up to ${wanted}`, remedy);
  return ok(`${users} for users, ${groups} for groups`);
}

export const kernelChecks: readonly Check[] = [
  { group: 'kernel', title: 'version', run: () => kernelVerdict(release()) },
  { group: 'user namespace', title: 'allowed', run: userNamespace },
  { group: 'user namespace', title: 'newuidmap', run: () => mapper('newuidmap') },
  { group: 'user namespace', title: 'newgidmap', run: () => mapper('newgidmap') },
  { group: 'user namespace', title: 'subordinate ids', run: subordinateIDs },
];
