/** Removing containers. */
import { SkiffError } from '../lib/errors.ts';
import type { ContainerID } from '../oci/ids.ts';
import type { Context } from './index.ts';
import { claimLife, lockChange, removeRunDir } from './life.ts';
import { endOrphan } from './orphan.ts';
import { tryReadRecord } from './record.ts';
import { performRemoval } from './removal.ts';
import { runtimeToTell } from './runtime-of.ts';
import { endMonitor } from './silent-monitor.ts';
import { stopContainers } from './stop.ts';
import { sweepRuns } from './sweep.ts';
import { waitLifeEnd } from './wait.ts';

export interface RemoveOptions {
  /** Stop it first where it runs. */
  force: boolean;
  /** For the stop; undefined: the container's own. */
  timeoutSeconds?: number | undefined;
  /** Its anonymous volumes too. */
  volumes: boolean;
}

/**
 * False where it was gone already (a `--rm` container may end by itself while we come). When it returns, nothing of the
 * container is left.
 * @throws CONTAINER_STATE (exit code 2) for one that runs, without `force`
 */
export function removeContainer(context: Context, id: ContainerID, options: RemoveOptions): boolean {
  sweepRuns(context);
  for (;;) {
    if (options.force) forceStop(context, [id], options.timeoutSeconds);
    const outcome = removeStopped(context, id, options);
    if (outcome !== 'lives') return outcome === 'removed';
    if (!options.force) {
      throw new SkiffError('CONTAINER_STATE', `cannot remove container ${id} as it is running - running or paused containers cannot be removed without force: container state improper`,
        { exitCode: 2, hint: 'stop it first, or give --force' });
    }
  }
}

/** Ends containers all together, also those whose monitor does not answer: without it they are orphans, which the removal ends. */
export function forceStop(context: Context, ids: readonly ContainerID[], timeoutSeconds?: number): void {
  for (const { id, silent } of stopContainers(context, ids, timeoutSeconds)) {
    if (!silent) continue;
    endMonitor(id);
    waitLifeEnd(context, id);
  }
}

function removeStopped(context: Context, id: ContainerID, options: RemoveOptions): 'removed' | 'gone' | 'lives' {
  if (tryReadRecord(context, id) === undefined) return 'gone';
  const change = lockChange(context, id);
  try {
    const life = claimLife(context, id);
    if (life === undefined) return 'lives';
    try {
      const record = tryReadRecord(context, id);
      if (record === undefined) {
        removeRunDir(context, id); // ours alone: made for the locks
        return 'gone';
      }
      const runtime = runtimeToTell(context, record);
      if (runtime !== undefined) endOrphan(context, record, runtime);
      performRemoval(context, record, { volumes: options.volumes || record.Skiff.autoRemove });
      return 'removed';
    } finally {
      life.release();
    }
  } finally {
    change.release();
  }
}
