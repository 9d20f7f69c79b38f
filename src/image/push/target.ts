/** Where images are written to, blob by blob and the manifest last: a repository of a registry, an OCI layout, a folder. */
import type { Digest } from '../../oci/ids.ts';
import type { BlobSource, Repository } from '../../registry/index.ts';

export interface ImageTarget {
  /** The repository, where it is one: what was sent there is remembered, so that it need not be sent again. */
  readonly repository: Repository | undefined;
  /** How many blobs it takes at once; 1 where their order matters. */
  readonly concurrency: number;
  /** The size of a blob that is there already; undefined where it is not. */
  statBlob(digest: Digest): Promise<number | undefined>;
  /** The first bytes of a blob that is there, enough to tell how it is compressed. */
  peekBlob(digest: Digest): Promise<Uint8Array>;
  /** Takes a blob over from another repository of the same registry. False: it has to be sent. */
  mountBlob(digest: Digest, from: Repository): Promise<boolean>;
  /** `onBytes` hears what went out, also of attempts that failed later. @throws DIGEST_MISMATCH where the source gave other bytes than it said */
  putBlob(source: BlobSource, onBytes?: (count: number) => void): Promise<{ digest: Digest; sizeBytes: number }>;
  /** Under `reference` (a tag), and by its digest in any case. All that it points at must be there. */
  putManifest(raw: Uint8Array, mediaType: string, reference?: string): Promise<Digest>;
}

/** What becomes of one layer: for whoever shows progress. */
export type LayerOutcome =
  /** The destination had it. */
  | { readonly kind: 'exists' }
  | { readonly kind: 'mounted'; readonly from: Repository }
  | { readonly kind: 'sent'; readonly sizeBytes: number };

/** Hears of a push. Layers are named by diffID, blobs that are copied as they are by digest; calls for different ones interleave. */
export interface PushListener {
  /** The destination doesn't have it: its bytes begin to flow. `totalBytes` only where it is known beforehand. */
  sending?(layer: string, totalBytes: number | undefined): void;
  bytes?(layer: string, count: number): void;
  layer?(layer: string, outcome: LayerOutcome): void;
  /** One image of a list, from 1 on. */
  member?(digest: Digest, at: number, of: number): void;
  config?(digest: Digest): void;
  manifest?(digest: Digest, sizeBytes: number): void;
}
