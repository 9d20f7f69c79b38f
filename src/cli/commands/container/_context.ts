/** Where this command line's containers are. */
import type { Context } from '../../../container/index.ts';
import { config } from '../../../host/config/index.ts';
import { openStore } from '../../../storage/store.ts';

export function openContext(): Context {
  const { root, runtimeDir } = config();
  return { store: openStore(root), runtimeDir };
}
