/**
 * One lock per layer, by chainID. Who unpacks or deletes the layer holds it exclusively, who makes something stand on it
 * (a container) holds it shared while checking that the layer is there and writing down that it is needed. So "is it there",
 * "who needs it" and "take it away" can't cross.
 */
import { join } from 'node:path';
import type { Lock, LockKind } from '../host/locks.ts';
import { acquire, acquireLater, tryAcquire } from '../host/locks.ts';
import type { ChainID } from '../oci/ids.ts';
import { hexOf } from '../oci/ids.ts';
import type { Store } from './index.ts';

/** Waits. Several at once: base layer first. */
export function lockChain(store: Store, chainID: ChainID, kind: LockKind): Lock {
  return acquire(chainLockPath(store, chainID), kind);
}

/** The same while the event loop goes on: for who has downloads under way that others may wait for. @throws the signal's reason */
export function lockChainLater(store: Store, chainID: ChainID, signal?: AbortSignal): Promise<Lock> {
  return acquireLater(chainLockPath(store, chainID), 'exclusive', signal);
}

/** For deleting: undefined where the layer is being used this moment. */
export function tryLockChain(store: Store, chainID: ChainID): Lock | undefined {
  return tryAcquire(chainLockPath(store, chainID), 'exclusive');
}

function chainLockPath(store: Store, chainID: ChainID): string {
  return join(store.layout.layerdbTmp, `${hexOf(chainID)}.lock`);
}
