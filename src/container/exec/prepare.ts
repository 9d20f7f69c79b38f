/**
 * Everything that is looked at before the runtime's exec: that the container runs, who the process is, that directory and
 * command are there. Files are seen through /proc/<pid>/root, each path resolved inside it (host/in-root.ts).
 */
import { closeSync, constants, openSync, readFileSync, readlinkSync, unlinkSync, writeSync } from 'node:fs';
import { isErrno, SkiffError, wrap } from '../../lib/errors.ts';
import { join } from '../../lib/paths.ts';
import type { Process, RuntimeSpec } from '../../oci/runtime-spec.ts';
import { leaveSession } from '../../host/cgroup/leave-session.ts';
import { readCgroups } from '../../host/cgroup/manager.ts';
import { isBelowManager } from '../../host/cgroup/user-manager.ts';
import { config } from '../../host/config/index.ts';
import { RootHandle } from '../../host/in-root.ts';
import { randomHex } from '../../host/random.ts';
import { session } from '../../host/session.ts';
import type { OCIRuntime } from '../../runtime/choose.ts';
import { commandProblem } from '../find-command.ts';
import type { Context } from '../index.ts';
import type { ContainerRecord } from '../model.ts';
import { runDir, runFiles } from '../names.ts';
import { readRecord } from '../record.ts';
import { cgroupWish, runtimeOf } from '../runtime-of.ts';
import { defaultCapabilities, planCapabilities } from '../spec/capabilities.ts';
import { parseBoundingSet, parseLimit } from '../spec/facts.ts';
import { planCwd } from '../spec/process.ts';
import { resolveUser } from '../spec/user.ts';
import { containerState } from '../state.ts';
import { planExec } from './plan.ts';
import type { ExecRequest } from './request.ts';

export interface PreparedExec {
  runtime: OCIRuntime;
  process: Process;
  record: ContainerRecord;
}

/** @throws CONTAINER_STATE (exit code 255, as Podman), COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE, USAGE (user, directory) */
export function prepareExec(context: Context, request: ExecRequest, consoleSize?: { rows: number; columns: number }): PreparedExec {
  const record = readRecord(context, request.id);
  const state = containerState(context, request.id);
  if (state.status !== 'running') {
    throw new SkiffError('CONTAINER_STATE', 'can only create exec sessions on running containers: container state improper', { exitCode: 255 });
  }
  const { manager } = readCgroups(cgroupWish(record));
  const leaving = leaveFor(state.pid);
  const base = readProcess(context, record);
  const root = new RootHandle(`/proc/${state.pid}/root`);
  try {
    const user = resolveUser(request.user ?? defaultUser(record, base), (path, maxBytes) => root.readFile(path, maxBytes), record.Skiff.groupAdd);
    const cwd = planCwd(request.workdir ?? record.Config.WorkingDir);
    checkDirectory(root, cwd);
    const capabilities = planCapabilities({
      ...(request.privileged ? { add: [], drop: [], privileged: true } : { add: record.Skiff.capAdd, drop: record.Skiff.capDrop, privileged: record.Skiff.privileged }), uid: user.uid,
      defaults: config().capabilities ?? defaultCapabilities, available: parseBoundingSet(readFileSync('/proc/self/status', 'utf8')),
    });
    const process_ = planExec({ request, record, base, user, cwd, capabilities, consoleSize, hardLimits: hardLimits() });
    const problem = commandProblem(root, { command: request.command[0] ?? '', env: process_.env, cwd, user });
    if (problem !== undefined) throw problem;
    leaving();
    return { runtime: runtimeOf(context, record, manager), process: process_, record };
  } finally {
    root.close();
  }
}

/**
 * Who is outside of the user's part of the cgroup tree can't put a process into a container that is inside.
 * @returns what waits until it can @throws CGROUP_UNAVAILABLE where it never will
 */
function leaveFor(pid: number): () => void {
  const { hostUid, cgroup } = session();
  if (cgroup !== 'v2' || hostUid === 0 || !isBelowManager(hostUid, pid)) return () => {};
  const leaving = leaveSession('anywhere');
  return () => {
    const problem = leaving();
    if (problem === undefined) return;
    throw new SkiffError('CGROUP_UNAVAILABLE', `exec: this session may put no process into the container's cgroup, and the user's systemd gave no scope that may: ${problem}`, {
      exitCode: 126, hint: 'from a session of the user\'s manager it works: systemd-run --user --scope skiff exec …',
    });
  };
}

function hardLimits(): Record<string, number> {
  const text = readFileSync('/proc/self/limits', 'utf8');
  return { RLIMIT_NOFILE: parseLimit(text, 'Max open files').hard, RLIMIT_NPROC: parseLimit(text, 'Max processes').hard };
}

/** Who the container's own process is; with keep-id and no --user that is nobody whom the record names. */
function defaultUser(record: ContainerRecord, base: Process): string {
  const { User } = record.Config;
  return User === '' && record.Skiff.userns.kind === 'keep-id' ? `${base.user.uid}:${base.user.gid}` : User;
}

/** The directory must be there and must not lead below /proc, whose magic links name descriptors of the runtime (CVE-2024-21626). */
function checkDirectory(root: RootHandle, cwd: string): void {
  let fd: number | undefined;
  try {
    fd = root.open(cwd, constants.O_DIRECTORY);
  } catch (error) {
    if (!isErrno(error, 'ELOOP', 'EACCES')) throw wrap(error, `working directory ${JSON.stringify(cwd)}`);
    throw new SkiffError('USAGE', `working directory ${JSON.stringify(cwd)}: it leads nowhere that a process may start in`, { exitCode: 126, cause: error });
  }
  if (fd === undefined) {
    throw new SkiffError('COMMAND_NOT_FOUND', `chdir to ${JSON.stringify(cwd)}: No such file or directory: OCI runtime attempted to invoke a command that was not found`);
  }
  try {
    const real = readlinkSync(`/proc/self/fd/${fd}`);
    if (/^\/proc(?:\/|$)/.test(real)) throw new SkiffError('USAGE', `working directory ${JSON.stringify(cwd)}: it leads below /proc`, { exitCode: 126 });
  } finally {
    closeSync(fd);
  }
}

function readProcess(context: Context, record: ContainerRecord): Process {
  const path = join(runDir(context.runtimeDir, record.ID), runFiles.bundle);
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as RuntimeSpec).process;
  } catch (error) {
    throw wrap(error, `read the bundle of container "${record.ID}"`);
  }
}

/** A file with the process object that has no name any more: whoever has the descriptor reads it, and nobody has to remove it. */
export function processFile(context: Context, prepared: PreparedExec): number {
  const path = `${sessionPath(context, prepared)}.json`;
  const fd = openSync(path, 'wx+', 0o600);
  try {
    writeSync(fd, JSON.stringify(prepared.process));
  } catch (error) {
    closeSync(fd);
    throw wrap(error, 'prepare the process');
  } finally {
    unlinkSync(path);
  }
  return fd;
}

/** A fresh name in the container's runtime folder, for what an exec's own files begin with. */
export function sessionPath(context: Context, { record }: PreparedExec): string {
  return join(runDir(context.runtimeDir, record.ID), `exec-${randomHex(6)}`);
}
