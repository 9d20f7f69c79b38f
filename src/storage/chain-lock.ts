/**
 * One lock per layer, by chainID. Who unpacks or deletes the layer holds it exclusively, who makes something stand on it
 * (a container) holds it shared while checking that the layer is there and writing down that it is needed. So "is it there",
 * "who needs it" and "take it away" can't cross.
 */
import { rmSync } from 'node:fs';
import { join } from '../lib/paths.ts';
import type { Lock, LockKind } from '../host/locks.ts';
import { acquire, acquireLater, tryAcquire } from '../host/locks.ts';
import type { ChainID } from '../oci/ids.ts';
import { hexOf } from '../oci/ids.ts';
import type { Store } from './index.ts';
import { hasLayer } from './layerdb.ts';

/** Waits. Several at once: base layer first. */
export function lockChain(store: Store, chainID: ChainID, kind: LockKind): Lock {
  const lock = acquire(chainLockPath(store, chainID), kind);
  return kind === 'exclusive' ? tidy(store, chainID, lock) : lock;
}

/** The same while the event loop goes on: for who has downloads under way that others may wait for. @throws the signal's reason */
export async function lockChainLater(store: Store, chainID: ChainID, signal?: AbortSignal): Promise<Lock> {
  return tidy(store, chainID, await acquireLater(chainLockPath(store, chainID), 'exclusive', signal));
}

/** For deleting: undefined where the layer is being used this moment. */
export function tryLockChain(store: Store, chainID: ChainID): Lock | undefined {
  const lock = tryAcquire(chainLockPath(store, chainID), 'exclusive');
  return lock === undefined ? undefined : tidy(store, chainID, lock);
}

/**
 * Where there is no such layer in the end, its lock's file goes too: who removes it holds it alone, and who waits for a lock whose file goes
 * away notices and starts over (host/locks.ts).
 */
function tidy(store: Store, chainID: ChainID, lock: Lock): Lock {
  let held = true;
  return {
    fd: lock.fd,
    release: () => {
      if (held && !hasLayer(store, chainID)) rmSync(chainLockPath(store, chainID), { force: true });
      held = false;
      lock.release();
    },
  };
}

function chainLockPath(store: Store, chainID: ChainID): string {
  return join(store.layout.layerdbTmp, `${hexOf(chainID)}.lock`);
}
