/** The sources of a container's mounts: looked at before anything starts, volumes made and filled. */
import { existsSync } from 'node:fs';
import { SkiffError } from '../../lib/errors.ts';
import type { Context } from '../index.ts';
import type { ContainerRecord } from '../model.ts';
import { prepareVolume } from '../volumes.ts';

/** @throws NOT_FOUND as checkBindSources() */
export function prepareMountSources(context: Context, record: ContainerRecord, rootfs: string): void {
  checkBindSources(record);
  for (const mount of record.Skiff.mounts) {
    if (mount.kind === 'volume') prepareVolume(context, mount, rootfs);
  }
}

/** @throws NOT_FOUND for a bind mount without source: like Podman, and unlike Docker, none is made. */
export function checkBindSources(record: ContainerRecord): void {
  for (const mount of record.Skiff.mounts) {
    if (mount.kind === 'bind' && !existsSync(mount.source)) {
      throw new SkiffError('NOT_FOUND', `statfs ${mount.source}: no such file or directory`, { hint: 'a bind mount needs an existing path on the host' });
    }
  }
}
