/**
 * Leases: layers that an operation under way needs and that nothing else may refer to yet. layerdb/tmp/lease-<random> holds
 * "needs <chainID>" and "made <chainID>" lines, and is locked while its owner lives. Deleters keep what a living lease names;
 * of a dead one (the owner was killed between publishing layers and writing the image) the layers it made are garbage unless
 * something else refers to them.
 *
 * Take the lease before looking whether a layer is there (under its chain lock), release it after the image is written.
 */
import { rmSync, writeSync } from 'node:fs';
import { isThere, textIfThere } from '../host/if-there.ts';
import { randomHex } from '../host/random.ts';
import { acquire, isHeld } from '../host/locks.ts';
import { wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import type { ChainID } from '../oci/ids.ts';
import { parseChainID } from '../oci/ids.ts';
import type { Store } from './index.ts';
import { listNames } from './layerdb.ts';
import { whileShared } from './sharing.ts';

export interface Lease {
  /** Names one more layer. Before it is looked at. */
  add(chainID: ChainID): void;
  /** Names one that is about to be published. */
  made(chainID: ChainID): void;
  /** Ends it: by now something else refers to the layers. Idempotent. */
  release(): void;
  /** Ends it after a failure: what it names and nothing else refers to is garbage, for the next sweep. Idempotent. */
  abandon(): void;
}

export function leaseLayers(store: Store, chainIDs: readonly ChainID[] = []): Lease {
  const path = join(store.layout.layerdbTmp, `lease-${randomHex(16)}`);
  const lock = whileShared(store, () => acquire(path, 'exclusive'));
  let released = false;
  const write = (word: 'needs' | 'made') => (chainID: ChainID): void => {
    try {
      writeSync(lock.fd, `${word} ${chainID}\n`);
    } catch (error) {
      throw wrap(error, 'note what is needed');
    }
  };
  const add = write('needs');
  chainIDs.forEach(add);
  const end = (remove: boolean): void => {
    if (released) return;
    released = true;
    if (remove) rmSync(path, { force: true });
    lock.release();
  };
  return { add, made: write('made'), release: () => end(true), abandon: () => end(false) };
}

export interface LeaseView {
  readonly path: string;
  readonly needs: readonly ChainID[];
  readonly made: readonly ChainID[];
  /** The file is nobody's and may be removed once the layers it made were looked after. */
  readonly dead: boolean;
}

export function readLeases(store: Store): LeaseView[] {
  const views: LeaseView[] = [];
  for (const name of listNames(store.layout.layerdbTmp)) {
    if (!/^lease-[0-9a-f]{32}$/.test(name)) continue;
    const path = join(store.layout.layerdbTmp, name);
    const text = textIfThere(path, 'read store');
    if (text === undefined) continue;
    const held = isHeld(path);
    // Ended since it was read: its owner removes the file before the lock goes. To take the lock would make the file anew, as nobody's.
    if (!held && !isThere(path)) continue;
    // A line that was being written when its owner was killed names nothing.
    const named = (word: string): ChainID[] => text.split('\n').filter((line) => line.startsWith(word) && /^[a-z]+ sha256:[0-9a-f]{64}$/.test(line)).map((line) => parseChainID(line.slice(word.length)));
    views.push({ path, dead: !held, needs: named('needs '), made: named('made ') });
  }
  return views;
}
