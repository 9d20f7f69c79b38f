/** What containers and volumes take on the disk. */
import { readdirSync, statSync } from 'node:fs';
import { diskUsage } from '../host/disk-usage.ts';
import { isErrno, wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import type { ContainerID } from '../oci/ids.ts';
import { readMountIDs } from '../storage/container-layers.ts';
import type { Context } from './index.ts';
import type { ContainerRecord } from './model.ts';
import { allContainers } from './summary.ts';

/** The container's own layers, its record and its log; not the image, not volumes. Inside the user namespace. */
export function containerUsage({ store }: Context, id: ContainerID): number {
  const folders = readMountIDs(store, id).map((name) => store.layout.layerDir(name));
  return [...folders, store.layout.mount(id), store.layout.container(id)].reduce((total, folder) => total + diskUsage(folder), 0);
}

export interface VolumeView {
  readonly name: string;
  /** Containers that have it, running or not. */
  readonly links: number;
  readonly createdMs: number;
}

/** Every volume, sorted by name. */
export function listVolumes(context: Context, records: readonly ContainerRecord[] = allContainers(context).map(({ record }) => record)): VolumeView[] {
  const links = new Map<string, number>();
  for (const { Skiff } of records) {
    for (const name of new Set(Skiff.mounts.flatMap((mount) => (mount.kind === 'volume' ? [mount.name] : [])))) links.set(name, (links.get(name) ?? 0) + 1);
  }
  return volumeNames(context).flatMap((name) => {
    const stat = statSync(volumeFolder(context, name), { throwIfNoEntry: false });
    return stat?.isDirectory() === true ? [{ name, links: links.get(name) ?? 0, createdMs: stat.birthtimeMs }] : [];
  });
}

export function volumeUsage(context: Context, name: string): number {
  return diskUsage(volumeFolder(context, name));
}

function volumeFolder({ store }: Context, name: string): string {
  return join(store.layout.volumes, name);
}

function volumeNames({ store }: Context): string[] {
  try {
    return readdirSync(store.layout.volumes).filter((name) => /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)).toSorted();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw wrap(error, 'list volumes');
  }
}
