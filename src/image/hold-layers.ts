/** Layers that are read for a while stay until that is over, whoever removes their images meanwhile. */
import { isErrno } from '../lib/errors.ts';
import type { ImageID } from '../oci/ids.ts';
import { chainIDs } from '../oci/ids.ts';
import type { ImageConfig } from '../oci/image-config.ts';
import { deleteLayers } from '../storage/gc.ts';
import { hasImage } from '../storage/imagedb.ts';
import type { Store } from '../storage/index.ts';
import type { Lease } from '../storage/lease.ts';
import { leaseLayers } from '../storage/lease.ts';
import { changeStore } from '../storage/store-lock.ts';

/**
 * Runs `read` with a lease on the images' layers; those of an image that was removed meanwhile go after it. One that was removed before
 * the lease was there may have lost its layers: `read` looks whether they are all there where that has to be known first. May be nested.
 * Inside the user namespace.
 */
export async function holdLayers<T>(store: Store, images: readonly { readonly id: ImageID; readonly config: ImageConfig }[], read: () => Promise<T>): Promise<T> {
  const chains = images.map(({ id, config }) => ({ id, chain: chainIDs(config.rootfs.diff_ids) }));
  const layers = new Set(chains.flatMap(({ chain }) => chain));
  const lease = layers.size === 0 ? undefined : leaseWhereWritable(store, [...layers]);
  if (lease === undefined) return read();
  try {
    return await read();
  } finally {
    changeStore(store, () => {
      lease.release();
      for (const { id, chain } of chains) {
        const top = chain.at(-1);
        if (top !== undefined && !hasImage(store, id)) deleteLayers(store, top);
      }
    });
  }
}

/** Out of a store on a read-only disk nobody takes anything. */
function leaseWhereWritable(...[store, layers]: Required<Parameters<typeof leaseLayers>>): Lease | undefined {
  try {
    return leaseLayers(store, layers);
  } catch (error) {
    if (isErrno(error, 'EROFS')) return undefined;
    throw error;
  }
}
