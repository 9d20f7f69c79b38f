/** What keeps images. Apart from _store.ts, because most listings need to know nothing of containers. */
import { imageUses as usesIn } from '../../../container/image-uses.ts';
import type { Context } from '../../../container/index.ts';
import { config } from '../../../host/config/index.ts';
import type { ImageUse } from '../../../image/index.ts';
import type { Store } from '../../../storage/index.ts';

export function containerContext(store: Store): Context {
  return { store, runtimeDir: config().runtimeDir };
}

export function imageUses(store: Store): ImageUse[] {
  return usesIn(containerContext(store));
}
