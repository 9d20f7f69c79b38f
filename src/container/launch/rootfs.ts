/**
 * The container's root filesystem, mounted in this process's private mount namespace, which the monitor shares:
 * when the last process in there is gone, so is the mount.
 */
import { isErrno, wrap } from '../../lib/errors.ts';
import { join } from '../../lib/paths.ts';
import { mountOverlay, unmount, volatileMark } from '../../host/mounts.ts';
import { removeTree } from '../../host/remove-tree.ts';
import type { ContainerMount } from '../../storage/container-layers.ts';
import { mountHint } from '../../storage/layer-dir.ts';
import type { ContainerRecord } from '../model.ts';
import type { HostFacts } from '../spec/input.ts';
import { planUserns, storageMapping } from '../spec/userns.ts';

export interface MountedRootfs { path: string; release: () => void }

/** Mounts it, as containerMount() has it. With keep-id the ids on disk are shown shifted, by fuse-overlayfs, so that nothing is copied or chowned. */
export function mountRootfs(mount: ContainerMount, record: ContainerRecord, host: HostFacts): MountedRootfs {
  const { nested } = planUserns(record.Skiff.userns, host);
  try {
    // A start of the same container by this process left one: the monitor has gone, but the mount namespace was its and ours.
    release(mount.target);
    if (record.Skiff.autoRemove) removeTree(join(mount.work, volatileMark));
    mountOverlay({
      ...mount,
      volatile: record.Skiff.autoRemove,
      ...(nested === undefined ? {} : { idMapping: { uid: storageMapping(nested.uidMappings), gid: storageMapping(nested.gidMappings) } }),
    });
  } catch (error) {
    throw wrap(error, `mount the root filesystem of container "${record.ID}"`, mountHint(mount.overlayDir, mount.lower));
  }
  return { path: mount.target, release: () => release(mount.target) };
}

/** The monitor of a container that ends at once may have been first: they share the mount namespace. */
function release(target: string): void {
  try {
    unmount(target, { lazy: true });
  } catch (error) {
    if (!isErrno(error, 'EINVAL', 'ENOENT')) throw wrap(error, 'unmount the root filesystem');
  }
}
