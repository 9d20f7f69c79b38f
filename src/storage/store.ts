/** Opening a store. */
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { makeFolders } from '../host/make-folders.ts';
import { quickSha256 } from '../host/quick-sha256.ts';
import { isErrno, wrap } from '../lib/errors.ts';
import type { Store } from './index.ts';
import { storeLayout } from './layout.ts';

export type { Store } from './index.ts';

/** The store at `root`. Touches nothing: an absent store reads as an empty one, and writers call `ensureStore` first. */
export function openStore(root: string): Store {
  quickSha256();
  const absolute = resolve(root);
  return { root: absolute, layout: storeLayout(absolute) };
}

/**
 * Makes the folders that every writer needs, with Docker's modes. Cheap where they exist (one call).
 * @throws PERMISSION, NO_SPACE, IO
 */
export function ensureStore(store: Store): void {
  const { layout } = store;
  try {
    // The folder made last: where it exists, the others do.
    mkdirSync(layout.names);
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return;
    if (!isErrno(error, 'ENOENT')) throw wrap(error, `open store "${store.root}"`);
    try {
      makeLayout(store);
    } catch (cause) {
      throw wrap(cause, `create store "${store.root}"`);
    }
  }
}

function makeLayout({ root, layout }: Store): void {
  makeFolders(root, 0o710);
  makeFolders(layout.overlay, 0o710);
  makeFolders(layout.links, 0o700);
  for (const folder of ['imagedb/content/sha256', 'imagedb/metadata/sha256', 'layerdb', 'distribution']) {
    makeFolders(`${layout.image}/${folder}`, 0o700);
  }
  makeFolders(layout.layerdbTmp, 0o755);
  makeFolders(layout.containers, 0o710);
  makeFolders(layout.volumes, 0o701);
  makeFolders(layout.own, 0o700);
  makeFolders(layout.manifests, 0o700);
  makeFolders(layout.names, 0o700);
}
