/**
 * The store's lock (layout.ts, host/locks.ts): SHARED while something is added or taken away, so that the sweeper, which
 * needs it EXCLUSIVE and never waits, can't take the half-made for garbage. For use inside this folder: commands take it
 * through store-lock.ts, which sweeps first.
 */
import type { Lock } from '../host/locks.ts';
import { acquire, tryAcquire } from '../host/locks.ts';
import type { Store } from './index.ts';
import { ensureStore } from './store.ts';

/** Waits while a sweep is under way (short). Makes the store's folders where they are missing. */
export function shareStore(store: Store): Lock {
  ensureStore(store);
  return acquire(store.layout.lock, 'shared');
}

/** For the sweeper. undefined where anybody is changing the store. */
export function tryHaveStoreAlone(store: Store): Lock | undefined {
  return tryAcquire(store.layout.lock, 'exclusive');
}

/** Runs a synchronous change under the shared lock. May be nested: it is shared. */
export function whileShared<T>(store: Store, change: () => T): T {
  const lock = shareStore(store);
  try {
    return change();
  } finally {
    lock.release();
  }
}
