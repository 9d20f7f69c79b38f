/** A layer's size in layerdb, where it is wrong or lost: the layer's files tell it. */
import { writeFileAtomic } from '../host/atomic-write.ts';
import { wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import type { ChainID } from '../oci/ids.ts';
import { lockChain } from './chain-lock.ts';
import { verifiedLayer } from './check.ts';
import type { Store } from './index.ts';
import { hasLayer } from './layerdb.ts';
import { layerdbFiles } from './layout.ts';

/** Reads the layer's files. Inside the user namespace. @throws STORE_CORRUPT, NOT_FOUND */
export async function mendSize(store: Store, chainID: ChainID): Promise<void> {
  const { sizeBytes } = await verifiedLayer(store, chainID);
  const lock = lockChain(store, chainID, 'exclusive');
  try {
    if (hasLayer(store, chainID)) writeFileAtomic(join(store.layout.layer(chainID), layerdbFiles.size), String(sizeBytes), { mode: 0o644 });
  } catch (error) {
    throw wrap(error, `repair layer ${chainID}`);
  } finally {
    lock.release();
  }
}
