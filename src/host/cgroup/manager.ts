/** Who makes the control groups of containers, and which limits can be kept. */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { SkiffError, isErrno } from '../../lib/errors.ts';
import { join } from '../../lib/paths.ts';
import { session } from '../session.ts';
import type { Session } from '../session.ts';
import { controllersFor, flagsOf } from './limits.ts';
import type { Limits } from './limits.ts';
import { cgroupOf, cgroupTree } from './own.ts';
import { withoutSupervisor } from './split.ts';
import { managerCgroup, userBus } from './user-manager.ts';

/**
 * 'systemd': the user's manager makes a scope for each container, by D-Bus. 'cgroupfs': folders below our own cgroup. 'disabled': the
 * container stays in the cgroup of the command that started it.
 */
export type CgroupManager = 'systemd' | 'cgroupfs' | 'disabled';

export interface CgroupFacts {
  view: Session['cgroup'];
  /** A systemd manager that serves this user is reachable. */
  systemd: boolean;
  /** We may make cgroups below our own. */
  delegated: boolean;
}

/** How containers get their control groups here. */
export interface Cgroups {
  view: Session['cgroup'];
  manager: CgroupManager;
  /** Controllers that a container's cgroup can use; empty where limits can't be kept. */
  controllers: readonly string[];
  /** Below which cgroup the cgroupfs manager makes those of containers; '/' where unknown. */
  parent: string;
  /** That we may make cgroups there. */
  delegated: boolean;
  /** A systemd manager that serves this user is reachable. */
  systemd: boolean;
}

/**
 * Pure. What is asked for is taken at its word, except that no manager can exist without a cgroup2 tree of the host's own or a delegated
 * one: in the private view of a hybrid host a cgroup that can't be made is no reason to fail, because no limit could be kept anyway.
 */
export function chooseCgroupManager(wanted: CgroupManager | 'auto', facts: CgroupFacts): CgroupManager {
  if (facts.view === 'none') return 'disabled';
  if (facts.view === 'private') return facts.delegated && wanted !== 'disabled' ? 'cgroupfs' : 'disabled';
  if (wanted !== 'auto') return wanted;
  if (facts.systemd) return 'systemd';
  return facts.delegated ? 'cgroupfs' : 'disabled';
}

/** Pure. @throws CGROUP_UNAVAILABLE where the manager that was asked for can make no cgroup: before anything is made */
export function checkManager({ view, manager, delegated, systemd }: Pick<Cgroups, 'view' | 'manager' | 'delegated' | 'systemd'>): void {
  if (view !== 'v2' || manager !== 'cgroupfs' || delegated) return;
  throw new SkiffError('CGROUP_UNAVAILABLE', 'the cgroup of this session or unit is not this user\'s to make others in', {
    hint: systemd ? 'use the cgroup manager "systemd", or run it in a unit or scope of the user\'s manager: systemd-run --user --scope -p Delegate=yes skiff …' : 'run: skiff doctor',
  });
}

/** Pure. @throws CGROUP_UNAVAILABLE where a limit was asked for that this host can't keep */
export function checkLimits(limits: Limits, { view, manager, controllers }: Pick<Cgroups, 'view' | 'manager' | 'controllers'>): void {
  const usable = view === 'v2' && manager !== 'disabled' ? controllers : [];
  const missing = controllersFor(limits).filter((name) => !usable.includes(name));
  if (missing.length === 0) return;
  const what = `${flagsOf(limits).join(', ')}: needs the cgroup ${missing.length === 1 ? 'controller' : 'controllers'} ${missing.join(', ')}`;
  if (view !== 'v2') {
    throw new SkiffError('CGROUP_UNAVAILABLE', `${what}, and this host does not have cgroup v2 alone`, { hint: 'boot with the kernel parameter systemd.unified_cgroup_hierarchy=1' });
  }
  if (manager === 'disabled') throw new SkiffError('CGROUP_UNAVAILABLE', `${what}, and the cgroup manager is "disabled": containers have no cgroup of their own`, { hint: '--cgroup-manager systemd or cgroupfs; where neither was named: skiff doctor' });
  throw new SkiffError('CGROUP_UNAVAILABLE', `${what}, not delegated to this user`, { hint: 'run: skiff doctor' });
}

/** 'auto': what the host has. 'split': folders below our own cgroup, whose processes make room in split.ts. */
export type CgroupWish = CgroupManager | 'auto' | 'split';

/** Looks at the machine. Cheap: a few files. */
export function readCgroups(wish: CgroupWish): Cgroups {
  const { cgroup: view, hostUid } = session();
  const wanted = wish === 'split' ? 'cgroupfs' : wish;
  const parent = view === 'none' ? undefined : parentCgroup(wish === 'split');
  const delegated = parent !== undefined && isWritable(join(cgroupTree, parent));
  const systemd = view === 'v2' && existsSync('/run/systemd/system') && hasBus(hostUid);
  const manager = chooseCgroupManager(wanted, { view, systemd, delegated });
  // Under systemd the limits are those of the user's manager, not of the shell's scope, which never has children.
  const holder = manager === 'systemd' && hostUid !== 0 ? managerCgroup(hostUid) : parent;
  return { view, manager, delegated, systemd, controllers: view === 'v2' && holder !== undefined ? controllersOf(join(cgroupTree, holder)) : [], parent: parent ?? '/' };
}

/** A bus that nobody listens to any more may still have its socket: the manager is there while its cgroup is. */
function hasBus(uid: number): boolean {
  return uid === 0 ? existsSync('/run/systemd/private') || existsSync('/run/dbus/system_bus_socket') : existsSync(join(cgroupTree, managerCgroup(uid))) && userBus() !== undefined;
}

/** Below which cgroup containers' go, as /proc/self/cgroup names it; undefined where the process is in no v2 cgroup that we see. */
function parentCgroup(split: boolean): string | undefined {
  const path = cgroupOf('self');
  if (path === undefined || path.startsWith('/..')) return undefined;
  return split ? withoutSupervisor(path) : besideOrBelow(path);
}

/**
 * Below which cgroup those of containers go, for a process in `own` (as /proc/self/cgroup names it): the one above where that is
 * ours too, else our own. A cgroup with processes in it can't hand controllers down: crun tries for two seconds, then goes on without.
 * @see cgroup-v2.rst "No Internal Process Constraint"
 */
function besideOrBelow(own: string): string {
  const above = dirname(own);
  return own !== '/' && above !== '/' && isWritable(join(cgroupTree, above)) ? above : own;
}

function isWritable(dir: string): boolean {
  try {
    accessSync(dir, constants.W_OK);
    accessSync(join(dir, 'cgroup.procs'), constants.W_OK); // a folder may be writable where moving processes is not
    return true;
  } catch {
    return false; // whatever the reason, it is not ours to use
  }
}

function controllersOf(dir: string): string[] {
  try {
    return readFileSync(join(dir, 'cgroup.controllers'), 'utf8').trim().split(/\s+/).filter((name) => name !== '');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EACCES', 'ENODEV')) return [];
    throw error;
  }
}
