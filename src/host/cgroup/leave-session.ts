/**
 * Out of the cgroup of a login session, into a scope of the user's systemd manager.
 *
 * logind ends what is left in session-N.scope at logout where KillUserProcesses=yes, and counts the session as closing for as long: no
 * place for a monitor or a network helper. And from there the kernel lets nobody move a process into a container's cgroup, because
 * what both have above them is root's (cgroup-v2.rst, "Delegation Containment"). So the manager is asked for a scope with this process in
 * it; it asks the system's, which may. As Podman does with its podman-<pid>.scope.
 */
import { closeSync, readSync } from 'node:fs';
import { log } from '../../lib/log.ts';
import { sleepMs } from '../descriptors.ts';
import { childEnv } from '../env.ts';
import { findProgram } from '../find-program.ts';
import { startProgram } from '../process.ts';
import { randomHex } from '../random.ts';
import { session } from '../session.ts';
import { sys } from '../sys.ts';
import { cgroupOf } from './own.ts';
import { isBelowManager, userBus } from './user-manager.ts';

const movedWithinMs = 5000;

/** Waits for the end of what leaveSession() has begun; idempotent. What was in the way, in words; undefined where there was nothing, or nothing to do. */
export type Leaving = () => string | undefined;

const nothingToDo: Leaving = () => undefined;

/**
 * Begins, and goes on beside us: some ten milliseconds that are waited for at the end. Only where this process is not below the manager
 * already; `from` 'session': only out of a login session, because in the cgroup of a system service it is for that service to end what it
 * has started.
 */
export function leaveSession(from: 'session' | 'anywhere'): Leaving {
  const { hostUid } = session();
  if (hostUid === 0 || isBelowManager(hostUid)) return nothingToDo;
  if (from === 'session' && !/\/session-[^/]+\.scope$/.test(cgroupOf('self') ?? '')) return nothingToDo;
  const [bus, busctl] = [userBus(), findProgram('busctl')];
  if (bus === undefined || busctl === undefined) return () => `${bus === undefined ? 'the user\'s D-Bus' : 'busctl'} was not found`;
  const unit = `skiff-${process.pid}-${randomHex(4)}.scope`;
  const said = sys().memfd('skiff-busctl');
  const argv = [
    'busctl', `--address=${bus}`, '--quiet', 'call', 'org.freedesktop.systemd1', '/org/freedesktop/systemd1', 'org.freedesktop.systemd1.Manager',
    'StartTransientUnit', 'ssa(sv)a(sa(sv))', unit, 'fail', '3', 'Description', 's', 'skiff', 'Slice', 's', 'user.slice', 'PIDs', 'au', '1', String(process.pid), '0',
  ];
  const pid = startProgram({ path: busctl, argv, env: childEnv(), fds: [[said, 2]], cwd: '/' });
  let over: { problem: string | undefined } | undefined;
  return () => {
    if (over !== undefined) return over.problem;
    over = { problem: outcome(pid, said, unit) };
    if (over.problem !== undefined) log.debug(`scope ${unit}: ${over.problem}`);
    return over.problem;
  };
}

function outcome(pid: number, said: number, unit: string): string | undefined {
  try {
    const ended = sys().waitpid(pid, false);
    if (ended?.exitCode !== 0) return textOf(said);
  } finally {
    closeSync(said);
  }
  // The answer says that the move is to be made. The kernel tells nobody when it is.
  for (const until = Date.now() + movedWithinMs; cgroupOf('self')?.endsWith(`/${unit}`) !== true; sleepMs(1)) {
    if (Date.now() > until) return 'the user\'s systemd did not move this process';
  }
  return undefined;
}

function textOf(fd: number): string {
  const bytes = Buffer.alloc(1024);
  const length = readSync(fd, bytes, 0, bytes.length, 0);
  return bytes.toString('utf8', 0, length).trim() || 'busctl failed';
}
