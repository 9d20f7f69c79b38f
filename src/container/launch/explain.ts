/**
 * Why the OCI runtime could not start a container: 127 where the command is not there, 126 where it can't be executed.
 * Found out by looking for it as the container would have seen it: the root filesystem with the container's own mounts over it,
 * bound here once more in this process's private mount namespace, which ends with it.
 */
import { closeSync } from 'node:fs';
import { log } from '../../lib/log.ts';
import { isSystemError, SkiffError } from '../../lib/errors.ts';
import { bindMount } from '../../host/mounts.ts';
import { RootHandle } from '../../host/in-root.ts';
import { commandProblem } from '../find-command.ts';
import type { ContainerRecord } from '../model.ts';
import type { Prepared } from './index.ts';

/** The error to report. Any other refusal of the runtime keeps its text; like Podman's it has exit code 126. */
export function explainFailure(error: SkiffError, record: ContainerRecord, prepared: Prepared): SkiffError {
  const problem = record.Skiff.init ? undefined : probe(record, prepared);
  if (problem === undefined) return new SkiffError('RUNTIME_FAILED', error.message, { exitCode: 126, cause: error, data: error.data });
  return new SkiffError(problem.code, problem.message, { cause: error, data: error.data });
}

function probe(record: ContainerRecord, prepared: Prepared): SkiffError | undefined {
  const root = new RootHandle(prepared.rootfs);
  try {
    for (const mount of record.Skiff.mounts) if (mount.kind !== 'tmpfs') bindBelow(root, mount.source, mount.destination);
    return commandProblem(root, { command: record.Path, env: prepared.env, cwd: prepared.cwd, user: prepared.user });
  } finally {
    root.close();
  }
}

function bindBelow(root: RootHandle, source: string, destination: string): void {
  let fd: number | undefined;
  try {
    fd = root.open(destination);
    if (fd !== undefined) bindMount(source, `/proc/self/fd/${fd}`, { recursive: true });
  } catch (error) {
    if (!isSystemError(error)) throw error;
    // A mount that can't be made again hides nothing that the command could be: the probe goes on without it.
    log.debug(`look for the command: ${error.message}`);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
