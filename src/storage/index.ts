/**
 * storage [2]: the store on disk in Docker's overlay2 layout: layers, image configs, names, and the writable layers of
 * containers. Knows tar, overlay and crash safety; knows nothing of registries, flags or running containers.
 *
 * Reading never changes anything and an absent store reads as an empty one. Every change is staged, synced and published
 * by one rename (layout.ts tells the order and the locks). Bytes from outside are unpacked and packed only by workers that
 * are pivoted into the one folder they may touch (unpack-worker.ts, pack-worker.ts).
 *
 * This file holds the shared types.
 *
 * @see moby layer/ and daemon/graphdriver/overlay2 (layout); image-spec layer.md (tar, whiteouts)
 */
import type { CacheID, ChainID, DiffID, Digest } from '../oci/ids.ts';
import type { StoreLayout } from './layout.ts';

/** One store. Plain data: the functions are in files of their own. Holds nothing open. */
export interface Store {
  readonly root: string;
  readonly layout: StoreLayout;
}

/** A layer as layerdb describes it. */
export interface Layer {
  readonly chainID: ChainID;
  readonly diffID: DiffID;
  readonly cacheID: CacheID;
  /** undefined for a base layer. */
  readonly parent: ChainID | undefined;
  /** Sum of the sizes of the layer's regular files, as Docker counts it. */
  readonly sizeBytes: number;
}

/** What became of a tar stream that was applied. */
export interface AppliedLayer {
  readonly chainID: ChainID;
  readonly diffID: DiffID;
  /** Of the bytes as they came in, compressed or not; undefined where the layer was there already, so that nothing was read. */
  readonly digest: Digest | undefined;
  readonly sizeBytes: number;
  /** Bytes as they came in. */
  readonly transferredBytes: number;
  /** False where the layer was in the store already and nothing was written. */
  readonly added: boolean;
  /** What the archive asked for and rootless storage can't do (device nodes, foreign xattrs): one line each, at most 20. */
  readonly notes: readonly string[];
}

/** How a stream is compressed, found by its first bytes. */
export type Compression = 'none' | 'gzip' | 'zstd';

/** A change in a container's file system against its image, as `diff` prints it. */
export interface Change {
  readonly kind: 'added' | 'changed' | 'deleted';
  /** Absolute in the container. Bytes that are no UTF-8 are replaced for display. */
  readonly path: string;
}
