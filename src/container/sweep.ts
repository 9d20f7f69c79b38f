/**
 * What killed commands and monitors left in the runtime folder. A container's folder there means that it runs: the monitor
 * takes it away at the end. So one whose run lock nobody holds tells of a kill, and is tidied by whoever makes or removes a
 * container next: the runtime and the network are told, `--rm` containers that are over are removed. (Processes without a monitor end
 * when anybody looks: state.ts.)
 *
 * The runtime's own folder of a container outlives the runtime folder only where a kill came in between as well.
 *
 * After a boot there is no such folder. The first of these commands then looks through all records once.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { makeFolders } from '../host/make-folders.ts';
import { isErrno } from '../lib/errors.ts';
import { log } from '../lib/log.ts';
import { join } from '../lib/paths.ts';
import type { ContainerID } from '../oci/ids.ts';
import { namesIfThere } from '../host/if-there.ts';
import { claim, isHeld } from '../host/locks.ts';
import { removeTree } from '../host/remove-tree.ts';
import { cleanupContainer } from './cleanup.ts';
import type { Context } from './index.ts';
import { gonePrefix, removeRunDir } from './life.ts';
import { endProcesses, knownToRuntimes } from './orphan.ts';
import { containerExists, listFolders, tryReadRecord } from './record.ts';
import { runDir } from './names.ts';
import { runtimeNamed, runtimeOf } from './runtime-of.ts';
import { endedState, lockPath } from './state.ts';

/** In the runtime folder, for this boot's mark. */
const sweptFile = 'swept';

let done = false;

/** Once in a process. Costs one listing and one probe of a lock for each running container. A failure is no failure of the command. */
export function sweepRuns(context: Context): void {
  if (done) return;
  done = true;
  try {
    for (const name of listRuns(context)) {
      if (name.startsWith(gonePrefix)) removeTree(join(context.runtimeDir, name));
      else if (!isHeld(lockPath(context, name as ContainerID))) tidy(context, name as ContainerID);
    }
    for (const { name, id } of forgotten(context)) endProcesses(context, id, runtimeNamed(context, name));
    sweepBoot(context);
  } catch (error) {
    log.warn(`tidy up: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function listRuns(context: Context): string[] {
  return namesIfThere(context.runtimeDir).filter((name) => /^(?:\.gone-)?[0-9a-f]{64}$/.test(name));
}

/** Of containers that have no runtime folder any more: that is made before the runtime knows one and goes after it. */
function forgotten(context: Context): { name: string; id: ContainerID }[] {
  return knownToRuntimes(context).filter(({ id }) => !existsSync(runDir(context.runtimeDir, id)));
}

function tidy(context: Context, id: ContainerID): void {
  if (containerExists(context, id)) return cleanupContainer(context, id, { remove: false });
  // Never recorded, or removed: its maker or remover was killed.
  const life = claimIfThere(context, id);
  if (life === undefined) return;
  try {
    if (!containerExists(context, id)) {
      endProcesses(context, id, runtimeOf(context, undefined));
      removeRunDir(context, id);
    }
  } finally {
    life.release();
  }
}

function claimIfThere(context: Context, id: ContainerID): ReturnType<typeof claim> {
  try {
    return claim(lockPath(context, id));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** `--rm` containers that the machine's end cut off. */
function sweepBoot(context: Context): void {
  const mark = join(context.runtimeDir, sweptFile);
  if (existsSync(mark)) return;
  for (const id of listFolders(context)) {
    const over = tryReadRecord(context, id)?.Skiff.autoRemove === true && !isHeld(lockPath(context, id)) && endedState(context, id).status === 'exited';
    if (over) cleanupContainer(context, id, { remove: false });
  }
  // One that --runroot names may not be there yet.
  makeFolders(context.runtimeDir, 0o700);
  writeFileSync(mark, '', { mode: 0o600 });
}
