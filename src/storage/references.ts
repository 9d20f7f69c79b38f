/** What holds layers: images, containers, and operations under way (leases). */
import { existsSync } from 'node:fs';
import { isHeld } from '../host/locks.ts';
import { isCode } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import type { ChainID, ContainerID } from '../oci/ids.ts';
import { chainIDs, parseContainerID } from '../oci/ids.ts';
import { containerParent, readMountIDs } from './container-layers.ts';
import type { Store } from './index.ts';
import { listImages, readImage } from './imagedb.ts';
import { listLayers, listNames, readParent } from './layerdb.ts';
import { readLeases } from './lease.ts';

/**
 * Layers that something other than a layer refers to, with all that those stand on. Looks in the order in which they hand layers on: a lease
 * ends when an image has its layers, and a container may go once it was committed to one.
 */
export function heldLayers(store: Store): Set<ChainID> {
  const held = new Set<ChainID>();
  for (const lease of readLeases(store)) if (!lease.dead) for (const chainID of [...lease.needs, ...lease.made]) hold(store, chainID, held);
  for (const { parent } of listMounts(store)) if (parent !== undefined) hold(store, parent, held);
  for (const id of listImages(store)) for (const chainID of imageChain(store, id)) held.add(chainID);
  return held;
}

function imageChain(store: Store, id: Parameters<typeof readImage>[1]): ChainID[] {
  try {
    return chainIDs(readImage(store, id).config.rootfs.diff_ids);
  } catch (error) {
    // Removed this moment by another command. A damaged one, on the other hand, stops every deletion: better than losing layers.
    if (isCode(error, 'IMAGE_UNKNOWN')) return [];
    throw error;
  }
}

function hold(store: Store, top: ChainID, held: Set<ChainID>): void {
  for (let at: ChainID | undefined = top; at !== undefined && !held.has(at);) {
    held.add(at);
    at = readParent(store, at);
  }
}

/** True where another layer stands on this one. */
export function hasChildren(store: Store, chainID: ChainID): boolean {
  return listLayers(store).some((other) => readParent(store, other) === chainID);
}

/** An entry of layerdb/mounts/. */
export interface MountView {
  readonly container: ContainerID;
  /** Names under overlay2/. */
  readonly folders: readonly string[];
  readonly parent: ChainID | undefined;
  readonly recorded: boolean;
  /** A cut `create` or `rm` left it: it is not recorded, and none that a command under way has yet to come to (helpers/launcher/ahead.c). */
  readonly abandoned: boolean;
}

export function listMounts(store: Store): MountView[] {
  return listNames(join(store.layout.image, 'layerdb', 'mounts')).filter((name) => /^[0-9a-f]{64}$/.test(name)).map((name) => {
    const container = parseContainerID(name);
    const recorded = existsSync(join(store.layout.container(container), 'config.v2.json'));
    return { container, folders: readMountIDs(store, container), parent: containerParent(store, container), recorded, abandoned: !recorded && !isHeld(store.layout.mount(container)) };
  });
}
