/**
 * What a command does that changes the store: it sweeps what killed ones left, once, and then holds the store's lock SHARED
 * from the first thing made to the record that makes it reachable. `create` holds it from the container's layer to its
 * config.v2.json. Never across a download or an unpack: what those make is kept alive by stages and leases (stage.ts, lease.ts).
 */
import type { Lock } from '../host/locks.ts';
import { sweepOnce } from './gc.ts';
import type { Store } from './index.ts';
import { shareStore } from './sharing.ts';

/** Waits while a sweep is under way (short). Makes the store's folders where they are missing. */
export function lockStore(store: Store): Lock {
  sweepOnce(store);
  return shareStore(store);
}

/** Runs a synchronous change under the lock. May be nested. */
export function changeStore<T>(store: Store, change: () => T): T {
  const lock = lockStore(store);
  try {
    return change();
  } finally {
    lock.release();
  }
}
