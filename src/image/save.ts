/**
 * `save`: images out of the store, with the config bytes and the layer tars that came in (tar-split), so that digests
 * survive. Formats: docker-archive and oci-archive (tar files), oci-dir and docker-dir (folders).
 */
import { SkiffError, wrap } from '../lib/errors.ts';
import { parseImageID } from '../oci/ids.ts';
import type { Compression } from '../oci/media-types.ts';
import { mediaTypes } from '../oci/media-types.ts';
import type { NamedReference } from '../oci/reference.ts';
import { readImage } from '../storage/imagedb.ts';
import type { Store } from '../storage/index.ts';
import { holdLayers } from './hold-layers.ts';
import type { OnImageEvent, ResolvedImage } from './index.ts';
import { compressed, requireCompression } from './archive/compress.ts';
import { toDescriptor, toFile } from './archive/output.ts';
import { writeDockerArchive } from './archive/save-docker.ts';
import { writeDirTransport, writeOciArchive, writeOciDir } from './archive/save-oci.ts';
import type { Sink } from './archive/tar-write.ts';
import type { PushOptions } from './push/push-image.ts';
import { pushImage } from './push/push-image.ts';
import type { PushListener } from './push/target.ts';

export const saveFormats = ['docker-archive', 'oci-archive', 'oci-dir', 'docker-dir'] as const;
export type SaveFormat = (typeof saveFormats)[number];

/** One image of an archive and the names it gets there. */
export interface SaveItem {
  readonly image: Pick<ResolvedImage, 'id' | 'raw' | 'config' | 'name'>;
  readonly names: readonly NamedReference[];
  /** What an OCI layout calls it, instead of its whole names. */
  readonly refNames?: readonly string[];
}

export interface SaveRequest {
  readonly items: readonly SaveItem[];
  readonly format: SaveFormat;
  /** A path, or an open descriptor for formats that are one file. */
  readonly output: { readonly path: string } | { readonly fd: number };
  /**
   * Of the whole archive for docker-archive (default: none), of each layer for the others (default: as it was received,
   * else gzip).
   */
  readonly compression: Compression | undefined;
  readonly onEvent?: OnImageEvent;
  /** Ends it: its reason is thrown, and of a file nothing is left. */
  readonly signal?: AbortSignal | undefined;
}

/** @throws IO, NO_SPACE, PERMISSION, STORE_CORRUPT, IMAGE_UNKNOWN (removed since it was found), HELPER_MISSING (zstd), USAGE (several images in a folder) */
export async function saveImages(store: Store, request: SaveRequest): Promise<void> {
  const { items, compression } = request;
  if (compression !== undefined) requireCompression(compression);
  await holdLayers(store, items.map(({ image }) => image), async () => {
    // Damage is found before the first byte is written.
    for (const { image } of items) readImage(store, image.id);
    await save(store, request);
  });
}

async function save(store: Store, { items, format, output, compression, onEvent = () => {}, signal }: SaveRequest): Promise<void> {
  const listener = asListener(onEvent);
  const oci: PushOptions = { compression, mediaType: mediaTypes.ociManifest, listener, signal };
  if (format === 'oci-dir' || format === 'docker-dir') {
    if (!('path' in output)) throw new SkiffError('USAGE', `${format} is a folder and can't be written to standard output`);
    const [only, more] = items;
    if (only === undefined || (more !== undefined && format === 'docker-dir')) throw new SkiffError('USAGE', 'docker-dir holds one image');
    if (format === 'docker-dir') await writeDirTransport(output.path, (target) => pushImage(store, target, only.image, { compression, mediaType: mediaTypes.dockerManifest, listener, signal }));
    else await writeOciDir(store, output.path, items, oci);
    onEvent({ kind: 'manifest' });
    return;
  }
  const produce = async (sink: Sink): Promise<void> => {
    if (format === 'oci-archive') {
      await writeOciArchive(store, sink, items, oci);
      onEvent({ kind: 'manifest' });
    } else await writeWhole(sink, compression ?? 'none', (inner) => writeDockerArchive(store, inner, items, onEvent));
  };
  if ('path' in output) await toFile(output.path, produce, signal);
  else await toDescriptor(output.fd, 'standard output', produce, signal);
}

/** A line a layer when it begins, and one for the config. */
function asListener(onEvent: OnImageEvent): PushListener {
  return {
    sending: (layer) => onEvent({ kind: 'layer', digest: layer, exists: false }),
    layer: (layer, { kind }) => {
      if (kind === 'exists') onEvent({ kind: 'layer', digest: layer, exists: true });
    },
    config: (digest) => onEvent({ kind: 'config', id: parseImageID(digest) }),
  };
}

/** Compresses everything that `produce` writes. */
async function writeWhole(sink: Sink, compression: Compression, produce: (sink: Sink) => Promise<void>): Promise<void> {
  if (compression === 'none') return produce(sink);
  const pipe = chunkPipe();
  const producing = produce(pipe.sink).then(pipe.close, (error: unknown) => pipe.fail(error));
  try {
    for await (const chunk of compressed(pipe.chunks(), compression)) await sink(chunk);
  } catch (error) {
    pipe.fail(error);
    throw error instanceof SkiffError ? error : wrap(error, 'compress archive');
  } finally {
    await producing;
  }
}

/** Turns a pushing writer and a pulling reader into a pair with one chunk between them. */
function chunkPipe(): { sink: Sink; close: () => void; fail: (error: unknown) => void; chunks: () => AsyncGenerator<Uint8Array> } {
  let waiting: { chunk: Uint8Array; taken: () => void; failed: (error: unknown) => void } | undefined;
  let end: { error?: unknown } | undefined;
  let wake = (): void => {};
  const finish = (state: { error?: unknown }): void => {
    end ??= state;
    if ('error' in state) waiting?.failed(state.error);
    wake();
  };
  return {
    sink: (chunk) => new Promise((taken, failed) => {
      if (end !== undefined && 'error' in end) return failed(end.error);
      waiting = { chunk, taken, failed };
      wake();
    }),
    close: () => finish({}),
    fail: (error) => finish({ error }),
    async *chunks() {
      for (;;) {
        if (waiting !== undefined) {
          const { chunk, taken } = waiting;
          yield chunk;
          waiting = undefined;
          taken();
        } else if (end !== undefined) {
          if ('error' in end) throw end.error;
          return;
        } else await new Promise<void>((resolve) => { wake = resolve; });
      }
    },
  };
}
