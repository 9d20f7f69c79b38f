/** How much disk a container's own files take, and all of its root filesystem: the sums that Podman's SIZE and `virtual` are. */
import { join } from '../lib/paths.ts';
import { walk } from '../host/walk.ts';
import { readChain } from '../storage/layerdb.ts';
import { layerFiles } from '../storage/layout.ts';
import type { Context } from './index.ts';
import type { ListedRecord } from './summary.ts';

export interface ContainerSize { writableBytes: number; rootFsBytes: number }

/** Walks the writable layer: inside the user namespace, for outside of it folders of subordinate ids can't be read and count as nothing. */
export function containerSize(context: Context, record: ListedRecord): ContainerSize {
  const writableBytes = filesBelow(join(context.store.layout.layerDir(record.ID), layerFiles.diff));
  const image = record.Skiff.topLayer === '' ? [] : readChain(context.store, record.Skiff.topLayer);
  return { writableBytes, rootFsBytes: writableBytes + image.reduce((sum, layer) => sum + layer.sizeBytes, 0) };
}

/** Sizes of all but folders, each inode once, as containers/storage counts them. Links are not followed. */
function filesBelow(top: string): number {
  const seen = new Set<number>();
  let bytes = 0;
  walk(top, (found) => {
    if (!found.isDirectory() && (found.nlink === 1 || !seen.has(found.ino))) {
      seen.add(found.ino);
      bytes += found.size;
    }
    return true;
  });
  return bytes;
}
