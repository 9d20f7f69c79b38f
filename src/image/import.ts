/** `import`: the tar of a root filesystem becomes an image with one layer. */
import { closeSync, fstatSync } from 'node:fs';
import { formatGoTime, nowNs } from '../host/time.ts';
import { SkiffError, wrap } from '../lib/errors.ts';
import type { ImageID } from '../oci/ids.ts';
import { hexOf } from '../oci/ids.ts';
import type { ImageConfig, RunConfig } from '../oci/image-config.ts';
import type { NamedReference } from '../oci/reference.ts';
import { serializeImageConfig } from '../oci/write-image-config.ts';
import { applyLayer } from '../storage/apply-layer.ts';
import { putImage } from '../storage/imagedb.ts';
import type { Store } from '../storage/index.ts';
import type { Lease } from '../storage/lease.ts';
import { applyChanges } from './changes.ts';
import type { Input } from './decompress.ts';
import { withoutForeign } from './decompress.ts';
import { openInput, pipeInput } from './input.ts';
import { withoutSecrets } from './url-text.ts';
import { hostPlatform } from './host-platform.ts';
import { changeImages } from './lock.ts';
import { keepMadeManifest } from './make-manifest.ts';
import { withNewLayers } from './new-layers.ts';
import { setNames } from './tag.ts';

export type ImportSource = { readonly kind: 'file'; readonly path: string } | { readonly kind: 'fd'; readonly fd: number } | { readonly kind: 'url'; readonly url: string };

export interface ImportRequest {
  readonly source: ImportSource;
  readonly names: readonly NamedReference[];
  readonly changes: readonly string[];
  readonly message: string | undefined;
  readonly architecture: string | undefined;
  readonly os: string | undefined;
  readonly variant: string | undefined;
  /** Ends it: its reason is thrown and nothing is kept. */
  readonly signal?: AbortSignal | undefined;
}

export interface ImportedImage { readonly id: ImageID; readonly notes: readonly string[] }

/** @throws USAGE (a change), NOT_FOUND, IO, ARCHIVE_INVALID, ARCHIVE_TRUNCATED, HELPER_MISSING (xz, bzip2), NO_SPACE */
export async function importImage(store: Store, request: ImportRequest): Promise<ImportedImage> {
  // A mistake in a change shows before gigabytes are read.
  const config = applyChanges({}, request.changes);
  const opened = await openSource(request.source, request.signal);
  try {
    return await withNewLayers(store, (lease) => importTar(store, request, config, opened, lease));
  } catch (error) {
    throw wrap(error, `import ${describe(request.source)}`);
  } finally {
    await opened.close();
  }
}

async function importTar(store: Store, request: ImportRequest, config: RunConfig, opened: OpenedSource, lease: Lease): Promise<ImportedImage> {
  const layer = await applyLayer(store, { parent: undefined, source: await withoutForeign(opened.input) }, { lease, signal: request.signal });
  const created = opened.created ?? formatGoTime(nowNs());
  const host = hostPlatform();
  const image: ImageConfig = {
    created, architecture: request.architecture ?? host.architecture, os: request.os ?? host.os,
    ...(request.variant !== undefined && { variant: request.variant }),
    config,
    rootfs: { type: 'layers', diff_ids: [layer.diffID] },
    history: [{ created, created_by: `/bin/sh -c #(nop) ADD file:${hexOf(layer.diffID)} in /`, comment: request.message ?? 'imported from tarball' }],
  };
  const raw = serializeImageConfig(image);
  return changeImages(store, async () => {
    const id = putImage(store, raw);
    await keepMadeManifest(store, id, raw, image);
    await setNames(store, id, request.names);
    return { id, notes: layer.notes };
  });
}

interface OpenedSource { readonly input: Input; readonly created?: string; readonly close: () => void | Promise<void> }

/** `created`: a file's own time, so that the same file gives the same image. */
async function openSource(source: ImportSource, signal: AbortSignal | undefined): Promise<OpenedSource> {
  switch (source.kind) {
    case 'fd': return { input: await pipeInput(source.fd, signal) ?? source.fd, ...createdOf(source.fd), close: () => {} };
    case 'url': {
      const { fetchUrl } = await import('./fetch-url.ts');
      try {
        const { body, close } = await fetchUrl(source.url, signal);
        return { input: body, close };
      } catch (error) {
        throw wrap(error, `import ${describe(source)}`);
      }
    }
    case 'file': {
      let fd: number;
      try {
        fd = openInput(source.path);
      } catch (error) {
        throw wrap(error, `import ${describe(source)}`);
      }
      const close = (): void => closeSync(fd);
      if (!fstatSync(fd).isDirectory()) return { input: await pipeInput(fd, signal) ?? fd, ...createdOf(fd), close };
      close();
      throw new SkiffError('ARCHIVE_INVALID', `import ${describe(source)}: it is a folder, not a tar archive`, { hint: 'pack it: tar -C FOLDER -c . | skiff import -' });
    }
  }
}

function createdOf(fd: number): { created?: string } {
  const stat = fstatSync(fd, { bigint: true });
  return stat.isFile() ? { created: formatGoTime(stat.mtimeNs) } : {};
}

function describe(source: ImportSource): string {
  if (source.kind === 'fd') return 'standard input';
  return JSON.stringify(source.kind === 'file' ? source.path : withoutSecrets(source.url));
}
