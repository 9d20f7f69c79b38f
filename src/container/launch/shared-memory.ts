/**
 * /dev/shm of a container in another one's IPC namespace: the other's own, as POSIX shared memory and semaphores live in it. It is mounted in
 * the other's mount namespace alone, so a copy of that mount is brought into ours, where the monitor keeps it and the runtime binds it.
 * Looked up inside the other's namespace, the path can lead to nothing that the other container does not have itself.
 */
import { closeSync, openSync } from 'node:fs';
import { makeFolders } from '../../host/make-folders.ts';
import { mountFromNamespace, unmount } from '../../host/mounts.ts';
import { isErrno, SkiffError, wrap } from '../../lib/errors.ts';
import { log } from '../../lib/log.ts';
import { join } from '../../lib/paths.ts';
import type { ContainerID } from '../../oci/ids.ts';
import type { Context } from '../index.ts';
import type { ContainerRecord } from '../model.ts';
import { runDir, runFiles } from '../names.ts';
import { nameOf, tryReadRecord } from '../record.ts';
import { containerState } from '../state.ts';

export interface SharedMemory { path: string; release: () => void }

/** Undefined where the container has memory of its own, or the host's. @throws USAGE for a container that shares nothing, CONTAINER_STATE */
export function shareMemory(context: Context, record: ContainerRecord): SharedMemory | undefined {
  const { ipc } = record.Skiff;
  if (ipc.kind !== 'container') return undefined;
  const other = tryReadRecord(context, ipc.id);
  const kind = other?.Skiff.ipc.kind;
  if (other !== undefined && (kind === 'private' || kind === 'none')) {
    throw new SkiffError('USAGE', `non-shareable IPC of container "${nameOf(other)}": it was made with --ipc ${kind}: invalid argument`);
  }
  const path = join(runDir(context.runtimeDir, record.ID), runFiles.shm);
  const namespace = openNamespace(context, ipc.id);
  try {
    makeFolders(path, 0o700);
    mountFromNamespace(namespace, '/dev/shm', path);
  } catch (error) {
    if (isErrno(error, 'ENOSYS')) {
      log.warn('this kernel can not share /dev/shm between containers (Linux 5.2 can): the container gets one of its own');
      return undefined;
    }
    throw wrap(error, `share /dev/shm of container "${other === undefined ? ipc.id : nameOf(other)}"`);
  } finally {
    closeSync(namespace);
  }
  return { path, release: () => unmount(path, { lazy: true }) };
}

/** The descriptor names whatever has the pid now; only while the container still runs with that pid it is sure to be its. */
function openNamespace(context: Context, id: ContainerID): number {
  const before = containerState(context, id);
  if (before.status === 'running' || before.status === 'paused') {
    const fd = openSync(`/proc/${before.pid}/ns/mnt`, 'r');
    const now = containerState(context, id);
    if ((now.status === 'running' || now.status === 'paused') && now.pid === before.pid) return fd;
    closeSync(fd);
  }
  throw new SkiffError('CONTAINER_STATE', `container "${id}" does not run: its shared memory can't be joined: container state improper`);
}
