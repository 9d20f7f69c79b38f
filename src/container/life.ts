/** The two locks of a container: who may change it, and who is its life. */
import { mkdirSync, renameSync } from 'node:fs';
import { makeFolders } from '../host/make-folders.ts';
import { isErrno, wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import type { ContainerID } from '../oci/ids.ts';
import { acquire, claim, type Lock } from '../host/locks.ts';
import { removeTree } from '../host/remove-tree.ts';
import type { Context } from './index.ts';
import { runDir, runFiles } from './names.ts';
import { lockPath } from './state.ts';

/**
 * Waits until nobody else makes, starts or removes the container. Makes its runtime folder where it is missing (first start
 * since boot). Held for a moment, never while the container runs.
 */
export function lockChange(context: Context, id: ContainerID): Lock {
  return inRunDir(context, id, () => acquire(join(runDir(context.runtimeDir, id), runFiles.change), 'exclusive'));
}

/** Becomes the container's life, or undefined where it has one: it runs, or its end is being tidied. Under lockChange. */
export function claimLife(context: Context, id: ContainerID): Lock | undefined {
  return inRunDir(context, id, () => claim(lockPath(context, id)));
}

/** For a container that nobody else can know yet. Others may look at its folder for a moment, and take it for a leftover. */
export function claimNewLife(context: Context, id: ContainerID): Lock {
  return inRunDir(context, id, () => acquire(lockPath(context, id), 'exclusive'));
}

/**
 * Takes the runtime folder away: by one rename first, so that nobody who takes a lock in it can hinder that, or keep a lock
 * that excludes nobody. The caller is the container's life, or knows that nobody is.
 */
export function removeRunDir(context: Context, id: ContainerID): void {
  const gone = join(context.runtimeDir, `${gonePrefix}${id}`);
  try {
    renameSync(runDir(context.runtimeDir, id), gone);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    // One that was cut before it was removed is in the way.
    if (!isErrno(error, 'ENOTEMPTY', 'EEXIST')) throw wrap(error, `remove the runtime folder of container "${id}"`);
    removeTree(gone);
    removeRunDir(context, id);
    return;
  }
  removeTree(gone);
}

/** Of folders that are being removed. */
export const gonePrefix = '.gone-';

/** The folder goes when the container ends or is removed: then it is made anew and the lock taken again. */
function inRunDir<T>(context: Context, id: ContainerID, take: () => T): T {
  for (let attempt = 0; ; attempt++) {
    makeRunDir(runDir(context.runtimeDir, id));
    try {
      return take();
    } catch (error) {
      if (!isErrno(error, 'ENOENT') || attempt > 100) throw wrap(error, `lock container "${id}"`);
    }
  }
}

function makeRunDir(dir: string): void {
  try {
    mkdirSync(dir, { mode: 0o700 });
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return;
    if (!isErrno(error, 'ENOENT')) throw wrap(error, 'make the runtime folder of a container');
    makeFolders(dir, 0o700);
  }
}
