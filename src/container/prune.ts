/** Removing containers that do not run and volumes that no container has: `container prune`, `system prune`. */
import { SkiffError, isCode } from '../lib/errors.ts';
import type { Filter } from '../lib/filter.ts';
import { combineFilters, hasLabel, parseMoment } from '../lib/filter.ts';
import type { ContainerID } from '../oci/ids.ts';
import { lockImages } from '../image/lock.ts';
import { containerUsage, listVolumes, volumeUsage } from './disk-usage.ts';
import type { Context } from './index.ts';
import { removeContainer } from './remove.ts';
import type { Summary } from './summary.ts';
import { allContainers } from './summary.ts';
import { removeVolume } from './volumes.ts';

/** Something that is gone, and what it took on the disk. */
export interface Pruned<T> { readonly id: T; readonly freedBytes: number }

/** `--filter` of prune: until and label. @throws USAGE for others */
export function pruneFilter<T>(filters: readonly string[], nowMs: number, view: (item: T) => { createdMs: number; labels: Readonly<Record<string, string>> }): (item: T) => boolean {
  return combineFilters<T>(filters, ({ key, value }: Filter) => {
    if (key === 'label') return (item) => hasLabel(view(item).labels, value);
    if (key !== 'until') throw new SkiffError('USAGE', `${key} is an invalid filter`);
    const limit = parseMoment(value, nowMs);
    return (item) => view(item).createdMs < limit;
  }, 'prune');
}

/** Containers that were created and not started, and those that ended. One that is being started or tidied meanwhile stays. @throws USAGE (a filter) */
export function pruneContainers(context: Context, filters: readonly string[], nowMs: number = Date.now()): Pruned<ContainerID>[] {
  const only = pruneFilter<Summary>(filters, nowMs, ({ record }) => ({ createdMs: Date.parse(record.Created), labels: record.Config.Labels }));
  const gone: Pruned<ContainerID>[] = [];
  for (const summary of allContainers(context)) {
    const { state, record: { ID: id } } = summary;
    if ((state.status !== 'created' && state.status !== 'exited') || !only(summary)) continue;
    const freedBytes = containerUsage(context, id);
    if (removeUnlessAlive(context, id)) gone.push({ id, freedBytes });
  }
  return gone;
}

/** Somebody may have started or removed it since we looked. */
function removeUnlessAlive(context: Context, id: ContainerID): boolean {
  try {
    return removeContainer(context, id, { force: false, volumes: false });
  } catch (error) {
    if (isCode(error, 'CONTAINER_STATE', 'CONTAINER_UNKNOWN')) return false;
    throw error;
  }
}

/** Volumes have no labels: a filter for one keeps them all. @throws USAGE (a filter) */
export function pruneVolumes(context: Context, filters: readonly string[], nowMs: number = Date.now()): Pruned<string>[] {
  const only = pruneFilter<{ createdMs: number }>(filters, nowMs, ({ createdMs }) => ({ createdMs, labels: {} }));
  // Who makes a container holds it shared from its volumes' making to the record that names them (create.ts).
  const lock = lockImages(context.store, 'exclusive');
  try {
    return listVolumes(context).filter((volume) => volume.links === 0 && only(volume)).map(({ name }) => {
      const freedBytes = volumeUsage(context, name);
      removeVolume(context, name);
      return { id: name, freedBytes };
    });
  } finally {
    lock.release();
  }
}
