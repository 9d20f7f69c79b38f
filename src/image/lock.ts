/**
 * skiff/images.lock: an image and its names appear together and go together. Who stores or removes images, or names one,
 * holds it exclusively; who makes something that needs an image (a container) holds it shared from finding the image until
 * that is written down, so that `rmi` sees it. Never across unpacking: layers are kept by leases meanwhile.
 */
import type { Lock, LockKind } from '../host/locks.ts';
import { acquire } from '../host/locks.ts';
import type { Store } from '../storage/index.ts';
import { shareStore } from '../storage/sharing.ts';
import { ensureStore } from '../storage/store.ts';

/** Waits. Makes the store's folders where they are missing. */
export function lockImages(store: Store, kind: LockKind): Lock {
  ensureStore(store);
  return acquire(store.layout.imagesLock, kind);
}

/**
 * Runs a change of images, alone, and with the store's lock shared: the sweeper must not take files for garbage that are
 * about to get their name. Sweeps nothing itself: `tag` runs outside of the user namespace, where layers can't be removed.
 * `after` is for what takes its time: others may go on with images, and the store's lock has not been let go of in between.
 * Not for use inside itself.
 */
export async function changeImages<T>(store: Store, change: () => T | Promise<T>, after?: (result: T) => void): Promise<T> {
  const images = lockImages(store, 'exclusive');
  try {
    const whole = shareStore(store);
    try {
      const result = await change();
      images.release();
      after?.(result);
      return result;
    } finally {
      whole.release();
    }
  } finally {
    images.release();
  }
}
