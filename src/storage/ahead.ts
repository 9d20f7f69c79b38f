/**
 * Layers that the launcher makes while Node starts, for the container that `run` or `create` is about to make (helpers/launcher/ahead.c).
 * Until they are taken the lock that came with them keeps the sweep off.
 */
import { closeSync, lstatSync } from 'node:fs';
import { resolve } from 'node:path';
import { awaitLayersAhead } from '../host/layers-ahead.ts';
import { session } from '../host/session.ts';
import { log } from '../lib/log.ts';
import { join } from '../lib/paths.ts';
import type { ContainerID } from '../oci/ids.ts';
import { parseContainerID } from '../oci/ids.ts';
import { removeContainerLayer } from './container-layers.ts';
import type { Store } from './index.ts';
import { layerFiles } from './layout.ts';
import { openStore } from './store.ts';

/** The id of the container that layers are being made for in this store. */
export function idAhead(store: Store): ContainerID | undefined {
  const { layersAhead } = session();
  return layersAhead !== undefined && resolve(layersAhead.root) === store.root ? parseContainerID(layersAhead.id) : undefined;
}

/**
 * Waits for the layers of `id`. True: all of it is there but for the files that name the image's layers, and is the caller's, who has the store's
 * lock. False: nothing of it is there, because none were begun or because they came to nothing.
 */
export function takeAhead(store: Store, id: ContainerID): boolean {
  const { layersAhead } = session();
  if (layersAhead === undefined || idAhead(store) !== id) return false;
  try {
    const made = awaitLayersAhead() && isOurs(store, id);
    if (!made) removeContainerLayer(store, id);
    return made;
  } finally {
    closeSync(layersAhead.lockFd);
  }
}

/** Not so for who has taken another group than his own (newgrp, sg): what he makes outside of the namespace is nobody's inside. */
function isOurs(store: Store, id: ContainerID): boolean {
  const made = lstatSync(join(store.layout.layerDir(id), layerFiles.diff), { throwIfNoEntry: false });
  return made !== undefined && made.uid === process.getuid?.() && made.gid === process.getgid?.();
}

/** Removes them where they were not taken: the command has come to nothing. Idempotent. A failure is none of the command's: the sweep will find them. */
export function discardAhead(): void {
  const { layersAhead } = session();
  if (layersAhead === undefined) return;
  try {
    awaitLayersAhead();
    removeContainerLayer(openStore(layersAhead.root), parseContainerID(layersAhead.id));
  } catch (error) {
    log.warn(error instanceof Error ? error.message : String(error));
  } finally {
    closeSync(layersAhead.lockFd);
  }
}
