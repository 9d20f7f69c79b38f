/** What listings know of a container: its record and its derived state, read together. */
import { readdirSync } from 'node:fs';
import { isErrno, wrap } from '../lib/errors.ts';
import type { ContainerID } from '../oci/ids.ts';
import type { Context } from './index.ts';
import type { ContainerRecord, ContainerState } from './model.ts';
import { listFolders, tryReadRecord } from './record.ts';
import { containerState, isRunning } from './state.ts';

export interface Summary { record: ContainerRecord; state: ContainerState }

export function summaryOf(context: Context, id: ContainerID): Summary | undefined {
  const record = tryReadRecord(context, id);
  return record === undefined ? undefined : { record, state: containerState(context, id) };
}

/** All containers, oldest first. */
export function allContainers(context: Context): Summary[] {
  return sorted(listFolders(context).map((id) => summaryOf(context, id)));
}

/**
 * Those that run, oldest first. Costs by the number of running ones, not of all: only folders of the runtime dir are
 * looked at.
 */
export function runningContainers(context: Context): Summary[] {
  let names: string[];
  try {
    names = readdirSync(context.runtimeDir).filter((name) => /^[0-9a-f]{64}$/.test(name));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw wrap(error, 'list containers');
  }
  const ids = (names as ContainerID[]).filter((id) => isRunning(context, id));
  return sorted(ids.map((id) => summaryOf(context, id))).filter(({ state }) => state.status === 'running' || state.status === 'paused');
}

function sorted(summaries: readonly (Summary | undefined)[]): Summary[] {
  return summaries.filter((summary) => summary !== undefined).toSorted((a, b) => compare(a.record.Created, b.record.Created) || compare(a.record.ID, b.record.ID));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
