/** Tidying after a container whose monitor could not do it: killed, or cut off by the machine's end. */
import { existsSync, readFileSync } from 'node:fs';
import { isErrno, wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import type { ContainerID } from '../oci/ids.ts';
import { writeFileAtomic } from '../host/atomic-write.ts';
import type { Context } from './index.ts';
import { claimLife, lockChange, removeRunDir } from './life.ts';
import { containerFiles, runDir, runFiles } from './names.ts';
import { endOrphan } from './orphan.ts';
import { tryReadRecord } from './record.ts';
import { performRemoval } from './removal.ts';
import { runtimeToTell } from './runtime-of.ts';
import { endedState } from './state.ts';

/** Idempotent; does nothing to a container that runs. A `--rm` container that has run is removed; of others the runtime folder goes. */
export function cleanupContainer(context: Context, id: ContainerID, options: { remove: boolean }): void {
  const change = lockChange(context, id);
  try {
    const life = claimLife(context, id);
    if (life === undefined) return;
    try {
      const record = tryReadRecord(context, id);
      if (record === undefined) return;
      const runtime = runtimeToTell(context, record);
      if (runtime !== undefined) endOrphan(context, record, runtime);
      const over = record.Skiff.autoRemove && endedState(context, id).status === 'exited';
      if (options.remove || over) performRemoval(context, record, { volumes: true });
      else if (saveExitRecord(context, id)) removeRunDir(context, id);
    } finally {
      life.release();
    }
  } finally {
    change.release();
  }
}

/** A record that a full disk kept in the runtime folder goes where it belongs. False where there is still no room for it. */
function saveExitRecord(context: Context, id: ContainerID): boolean {
  const kept = join(runDir(context.runtimeDir, id), runFiles.exit);
  if (!existsSync(kept)) return true;
  try {
    writeFileAtomic(join(context.store.layout.container(id), containerFiles.exit), readFileSync(kept));
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOSPC', 'EDQUOT')) return false;
    throw wrap(error, `save the exit record of container "${id}"`);
  }
}
