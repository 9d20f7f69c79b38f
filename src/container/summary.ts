/** What listings know of a container: its record and its derived state, read together. */
import { namesIfThere } from '../host/if-there.ts';
import type { ContainerID } from '../oci/ids.ts';
import type { Context } from './index.ts';
import type { ContainerRecord, ContainerState } from './model.ts';
import { listFolders, tryReadRecord } from './record.ts';
import { containerState, isRunning, stateAtRest } from './state.ts';

export interface Summary { record: ContainerRecord; state: ContainerState }

export function summaryOf(context: Context, id: ContainerID): Summary | undefined {
  const record = tryReadRecord(context, id);
  return record === undefined ? undefined : { record, state: containerState(context, id) };
}

/** All containers, oldest first. */
export function allContainers(context: Context): Summary[] {
  const withRunDir = new Set(runDirs(context)); // read before the rest: what is missing here did not run then
  return sorted(listFolders(context).map((id) => {
    const record = tryReadRecord(context, id);
    return record === undefined ? undefined : { record, state: withRunDir.has(id) ? containerState(context, id) : stateAtRest(context, id) };
  }));
}

/**
 * Those that run, oldest first. Costs by the number of running ones, not of all: only folders of the runtime dir are
 * looked at.
 */
export function runningContainers(context: Context): Summary[] {
  const ids = runDirs(context).filter((id) => isRunning(context, id));
  return sorted(ids.map((id) => summaryOf(context, id))).filter(({ state }) => state.status === 'running' || state.status === 'paused');
}

function runDirs(context: Context): ContainerID[] {
  return namesIfThere(context.runtimeDir, 'list containers').filter((name) => /^[0-9a-f]{64}$/.test(name)) as ContainerID[];
}

function sorted(summaries: readonly (Summary | undefined)[]): Summary[] {
  return summaries.filter((summary) => summary !== undefined).toSorted((a, b) => compare(a.record.Created, b.record.Created) || compare(a.record.ID, b.record.ID));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
