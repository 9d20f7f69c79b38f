/** What listings know of a container: its record and its derived state, read together. */
import { namesIfThere } from '../host/if-there.ts';
import type { ContainerID } from '../oci/ids.ts';
import type { Context } from './index.ts';
import type { ContainerConfig, ContainerRecord, ContainerState, SkiffRecord } from './model.ts';
import { listFolders, tryReadRecord } from './record.ts';
import { containerState, isRunning, stateAtRest } from './state.ts';

/** The part of a record that `ps` can show and filters can ask for: a fifth of it. */
export type ListedRecord = Pick<ContainerRecord, 'ID' | 'Name' | 'Created' | 'Path' | 'RestartCount'> & {
  Config: Pick<ContainerConfig, 'Entrypoint' | 'Cmd' | 'Labels' | 'ExposedPorts'>;
  Skiff: Pick<SkiffRecord, 'imageID' | 'imageName' | 'topLayer' | 'ports' | 'mounts' | 'network' | 'autoRemove' | 'restart'>;
};

export interface Summary { record: ListedRecord; state: ContainerState }

/** With the whole record. */
export interface FullSummary extends Summary { record: ContainerRecord }

export function summaryOf(context: Context, id: ContainerID): FullSummary | undefined {
  const record = tryReadRecord(context, id);
  return record === undefined ? undefined : { record, state: containerState(context, id) };
}

/** All containers, oldest first, for those who decide by what the records say. */
export function allContainers(context: Context): FullSummary[] {
  const withRunDir = new Set(runDirs(context)); // read before the rest: what is missing here did not run then
  const records = listFolders(context).map((id) => tryReadRecord(context, id)).filter((record) => record !== undefined);
  return oldestFirst(records.map((record) => ({ record, state: withRunDir.has(record.ID) ? containerState(context, record.ID) : stateAtRest(context, record.ID) })));
}

/**
 * Those that run, oldest first. Costs by the number of running ones, not of all: only folders of the runtime dir are
 * looked at.
 */
export function runningContainers(context: Context): FullSummary[] {
  const ids = runDirs(context).filter((id) => isRunning(context, id));
  const found = ids.map((id) => summaryOf(context, id)).filter((summary) => summary !== undefined);
  return oldestFirst(found).filter(({ state }) => state.status === 'running' || state.status === 'paused');
}

/** Containers that have a runtime folder: all that run are among them. */
export function runDirs(context: Context): ContainerID[] {
  return namesIfThere(context.runtimeDir, 'list containers').filter((name) => /^[0-9a-f]{64}$/.test(name)) as ContainerID[];
}

export function oldestFirst<S extends Summary>(summaries: readonly S[]): S[] {
  return summaries.toSorted((a, b) => compare(a.record.Created, b.record.Created) || compare(a.record.ID, b.record.ID));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
