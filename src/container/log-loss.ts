/** What the monitor says while a container's log takes nothing: a disk without room, a journal that is gone. The container goes on. */
import { join } from '../lib/paths.ts';
import { textIfThere } from '../host/if-there.ts';
import type { ContainerID } from '../oci/ids.ts';
import type { Context } from './index.ts';
import { runDir, runFiles } from './names.ts';
import { isRunning } from './state.ts';

/** A line for people; undefined where output is logged, or none is made. */
export function logLoss(context: Context, id: ContainerID): string | undefined {
  const text = textIfThere(join(runDir(context.runtimeDir, id), runFiles.logLoss), `read the state of container "${id}"`);
  if (text === undefined || !isRunning(context, id)) return undefined;
  try {
    const { since, reason } = JSON.parse(text) as { since: string; reason: string };
    return `what it writes is not logged since ${since}: ${reason}`;
  } catch {
    return undefined; // torn by a crash of the machine; a live monitor writes it by rename
  }
}
