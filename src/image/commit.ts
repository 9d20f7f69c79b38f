/**
 * The image part of `commit`: a container's changes become a layer on top of the image that it was made from. Knows no
 * containers: what to write is told as plain values.
 *
 * @see moby daemon/commit.go (parent, history); podman-commit(1)
 */
import { formatGoTime, nowNs } from '../host/time.ts';
import { wrap } from '../lib/errors.ts';
import type { ChainID, DiffID, ImageID } from '../oci/ids.ts';
import type { HistoryEntry, ImageConfig, RunConfig } from '../oci/image-config.ts';
import type { Manifest } from '../oci/manifest.ts';
import type { NamedReference } from '../oci/reference.ts';
import { serializeImageConfig } from '../oci/write-image-config.ts';
import type { LayerInput } from '../storage/apply-layer.ts';
import { applyLayer } from '../storage/apply-layer.ts';
import { hasImage, putImage, readImage } from '../storage/imagedb.ts';
import type { Store } from '../storage/index.ts';
import { readChain } from '../storage/layerdb.ts';
import type { Lease } from '../storage/lease.ts';
import { applyChanges } from './changes.ts';
import { hostPlatform } from './host-platform.ts';
import { changeImages } from './lock.ts';
import { keepMadeManifest } from './make-manifest.ts';
import { withNewLayers } from './new-layers.ts';
import { setNames } from './tag.ts';

export interface CommitRequest {
  /** The image that the container was made from; it may be gone. */
  readonly image: ImageID | undefined;
  /** The topmost layer under the container's own; undefined for a container without image layers. */
  readonly top: ChainID | undefined;
  /** What containers of the new image start from, before `changes`. */
  readonly config: RunConfig;
  /** `--change`, in order. */
  readonly changes: readonly string[];
  /** For the history: the container's command. */
  readonly createdBy: string;
  readonly author: string | undefined;
  readonly message: string | undefined;
  /** The tar is the whole root filesystem and becomes the only layer; else it holds the changes and goes on top. */
  readonly squash: boolean;
  readonly tar: LayerInput;
  readonly names: readonly NamedReference[];
  /** Ends it: its reason is thrown and nothing is kept. */
  readonly signal?: AbortSignal | undefined;
  /** Whose manifest the image gets. */
  readonly mediaType: Manifest['mediaType'];
}

/** The new image. @throws USAGE (a change), NO_SPACE, STORE_CORRUPT */
export async function commitImage(store: Store, request: CommitRequest): Promise<{ id: ImageID }> {
  const config = applyChanges(request.config, request.changes);
  try {
    return await withNewLayers(store, (lease) => commitLayer(store, request, config, lease));
  } catch (error) {
    throw wrap(error, 'commit');
  }
}

async function commitLayer(store: Store, request: CommitRequest, config: RunConfig, lease: Lease): Promise<{ id: ImageID }> {
  const { image, squash } = request;
  const base = image !== undefined && hasImage(store, image) ? readImage(store, image).config : undefined;
  const parent = squash ? undefined : request.top;
  const layer = await applyLayer(store, { parent, source: request.tar }, { lease, signal: request.signal });
  const below = parent === undefined ? [] : readChain(store, parent).map(({ diffID }) => diffID).toReversed();
  const made = newConfig(request, config, base, [...below, layer.diffID]);
  const raw = serializeImageConfig(made);
  return changeImages(store, async () => {
    const id = putImage(store, raw, { parent: squash || base === undefined ? undefined : image });
    await keepMadeManifest(store, id, raw, made, { mediaType: request.mediaType });
    await setNames(store, id, request.names);
    return { id };
  });
}

function newConfig({ author, message, createdBy, squash }: CommitRequest, config: RunConfig, base: ImageConfig | undefined, diffIDs: readonly DiffID[]): ImageConfig {
  const created = formatGoTime(nowNs());
  const platform = hostPlatform();
  const entry: HistoryEntry = { created, created_by: createdBy, ...(author !== undefined && { author }), ...(message !== undefined && { comment: message }) };
  const writer = author ?? base?.author;
  return {
    created, architecture: base?.architecture ?? platform.architecture, os: base?.os ?? platform.os,
    ...(base?.variant !== undefined && { variant: base.variant }), ...(writer !== undefined && { author: writer }),
    config,
    rootfs: { type: 'layers', diff_ids: diffIDs },
    history: squash || base === undefined ? [entry] : [...base.history, entry],
  };
}
