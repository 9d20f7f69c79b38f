/**
 * image [4]: what an image is to a user: its names, its history, where it comes from (archives, plain root filesystems,
 * containers) and where it goes. Reads and writes the store through storage/; knows nothing of containers, flags or tables.
 * Who uses an image is told from above, as plain data (ImageUse).
 *
 * This file holds the shared types.
 */
import type { ChainID, ContainerID, Digest, DiffID, ImageID } from '../oci/ids.ts';
import type { ImageConfig } from '../oci/image-config.ts';
import type { NamedReference } from '../oci/reference.ts';
import type { LayerInput } from '../storage/apply-layer.ts';

/** An image that a name or an id led to. */
export interface ResolvedImage {
  readonly id: ImageID;
  /** The reference that matched, in full; absent where an id matched. */
  readonly name?: NamedReference;
  /** The config's bytes; their digest is the id. */
  readonly raw: Buffer;
  readonly config: ImageConfig;
}

/** What keeps an image: a container that was made from it, or a place where it is mounted (mount.ts). */
export type ImageUse = { readonly image: ImageID } & ({ readonly container: ContainerID; readonly mountPoint?: undefined } | { readonly container?: undefined; readonly mountPoint: string });

/** A layer that waits to be put into the store. */
export interface LayerBlob {
  readonly diffID: DiffID;
  readonly chainID: ChainID;
  /** For errors: the member's name in its archive. */
  readonly name: string;
  /** Of the bytes as they will come; undefined where the source does not say. */
  readonly digest: Digest | undefined;
  readonly sizeBytes: number;
  /** The first bytes, which tell how it is compressed. */
  readonly head: () => Buffer;
  readonly open: () => LayerInput | Promise<LayerInput>;
}

/** An image that a source offers, checked as far as it can be before a layer is read. */
export interface OfferedImage {
  readonly id: ImageID;
  readonly rawConfig: Buffer;
  readonly config: ImageConfig;
  /** Base layer first. */
  readonly layers: readonly LayerBlob[];
  readonly names: readonly NamedReference[];
  /** The manifest that came with it, as bytes. */
  readonly rawManifest: Uint8Array | undefined;
  /** The indexes that led to the manifest, outermost first, as bytes. */
  readonly rawIndexes?: readonly Uint8Array[];
  /** The repository that the layers are from, in full; absent for an archive. */
  readonly repository?: string;
  /** What the user should know of it, once it is stored. */
  readonly notes?: readonly string[];
}

/** What is happening, for whoever shows progress. */
export type ImageEvent =
  | { readonly kind: 'layer'; readonly digest: string; readonly exists: boolean }
  | { readonly kind: 'config'; readonly id: ImageID }
  | { readonly kind: 'manifest' };
export type OnImageEvent = (event: ImageEvent) => void;
