/** What a pull tells while it goes on, for whoever shows it. */
import type { Digest, ImageID } from '../../oci/ids.ts';
import type { NamedReference } from '../../oci/reference.ts';
import type { ImageEvent } from '../index.ts';

/** Where a layer is on its way. 'waiting': another process downloads it; 'stalled': nothing comes. */
export type LayerState = 'queued' | 'waiting' | 'downloading' | 'stalled' | 'retrying' | 'downloaded' | 'extracting' | 'done' | 'exists';

export type PullEvent =
  /** What a short name stands for, and which registry is asked. */
  | { readonly kind: 'notice'; readonly text: string }
  /** The image's manifest is there: what follows are its layers. */
  | { readonly kind: 'pulling'; readonly name: NamedReference; readonly digest: Digest }
  /** All of them 'queued' or 'exists' first, base layer first; `doneBytes` of `sizeBytes` are downloaded. */
  | { readonly kind: 'layer'; readonly digest: Digest; readonly state: LayerState; readonly doneBytes: number; readonly sizeBytes: number; readonly reason?: string }
  | { readonly kind: 'pulled'; readonly name: NamedReference; readonly digest: Digest; readonly id: ImageID; readonly changed: boolean }
  /** The same from an archive, a folder or a daemon. */
  | { readonly kind: 'loaded'; readonly names: readonly NamedReference[]; readonly digest: Digest; readonly id: ImageID }
  /** A step on the way there. */
  | { readonly kind: 'archive'; readonly event: ImageEvent };
export type OnPullEvent = (event: PullEvent) => void;
