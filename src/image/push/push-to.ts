/** From the store to wherever the user says: chooses the form that the destination takes. */
import { existsSync } from 'node:fs';
import { SkiffError, assertNever } from '../../lib/errors.ts';
import type { Digest, DiffID } from '../../oci/ids.ts';
import { chainIDs, digestOf, parseDigest } from '../../oci/ids.ts';
import { mediaTypes } from '../../oci/media-types.ts';
import type { NamedReference } from '../../oci/reference.ts';
import { normalize, parseReference, withDefaultTag } from '../../oci/reference.ts';
import type { RegistryClient } from '../../registry/index.ts';
import type { Store } from '../../storage/index.ts';
import { manifestOfArchive } from '../archive/docker-archive.ts';
import { toFile } from '../archive/output.ts';
import { writeDockerArchive } from '../archive/save-docker.ts';
import type { Sink } from '../archive/tar-write.ts';
import { writeDirTransport, writeOciArchive, writeOciDir } from '../archive/save-oci.ts';
import { holdLayers } from '../hold-layers.ts';
import { layerTarSize } from '../layer-size.ts';
import type { SaveItem } from '../save.ts';
import type { Location } from '../transports.ts';
import { loadIntoDaemon } from './docker-daemon.ts';
import type { PushOptions, PushedImage } from './push-image.ts';
import { pushImage } from './push-image.ts';
import { registryTarget } from './registry-target.ts';

/** Where an image goes; of a registry the name is known in full. */
export type Destination = Exclude<Location, { transport: 'docker' }> | { readonly transport: 'docker'; readonly name: NamedReference };

/**
 * A location as destination. A registry's reference gets :latest where it has no tag.
 * @throws REFERENCE_INVALID; UNSUPPORTED for a digest, which nobody can choose
 */
export function asDestination(location: Location): Destination {
  if (location.transport !== 'docker') return location;
  const name = withDefaultTag(normalize(parseReference(location.reference)));
  if (name.digest !== undefined) throw new SkiffError('UNSUPPORTED', `can't push to a digest reference ${JSON.stringify(location.reference)}: push to a tag`);
  return { transport: 'docker', name };
}

/** `client` is asked for where the destination is a registry. Returns the digest of the manifest that is there now. */
export async function pushTo(store: Store, image: SaveItem['image'], destination: Destination, options: PushOptions, client: () => Promise<RegistryClient>): Promise<Digest> {
  const ociNames = (name: string | undefined): readonly string[] => (name === undefined ? [] : [name]);
  switch (destination.transport) {
    case 'docker': {
      const { domain, path, tag = 'latest' } = destination.name;
      return (await pushImage(store, registryTarget(await client(), { domain, path }), image, { ...options, reference: tag })).digest;
    }
    case 'oci': return onlyDigest(await writeOciDir(store, destination.path, [{ image, names: [], refNames: ociNames(destination.name) }], asOci(options)));
    case 'oci-archive': {
      const pushed: PushedImage[] = [];
      await toFile(destination.path, async (sink) => {
        pushed.push(...await writeOciArchive(store, sink, [{ image, names: [], refNames: ociNames(destination.name) }], asOci(options)));
      });
      return onlyDigest(pushed);
    }
    case 'dir': return (await writeDirTransport(destination.path, (target) => pushImage(store, target, image, options))).digest;
    case 'docker-archive': {
      if (existsSync(destination.path)) throw new SkiffError('EXISTS', `docker-archive ${JSON.stringify(destination.path)} exists already: an archive is not changed`);
      const names = destination.name === undefined ? [] : [withDefaultTag(normalize(parseReference(destination.name)))];
      return holdLayers(store, [image], () => archived(image, (write) => toFile(destination.path, write), store, names, options));
    }
    case 'docker-daemon': {
      const names = [withDefaultTag(normalize(parseReference(destination.reference)))];
      return holdLayers(store, [image], () => archived(image, (write) => loadIntoDaemon(write), store, names, options));
    }
    default: return assertNever(destination);
  }
}

/** An OCI layout holds no manifests of Docker. */
function asOci(options: PushOptions): PushOptions {
  if (options.mediaType === mediaTypes.dockerManifest) throw new SkiffError('UNSUPPORTED', 'an OCI layout can\'t hold the format v2s2');
  return { ...options, mediaType: mediaTypes.ociManifest };
}

function onlyDigest([only]: readonly PushedImage[]): Digest {
  if (only === undefined) throw new SkiffError('INTERNAL', 'nothing was written');
  return only.digest;
}

/** The digest is that of the manifest which others make of it when they read it. */
async function archived(image: SaveItem['image'], to: (write: Parameters<typeof toFile>[1]) => Promise<void>, store: Store, names: readonly NamedReference[], { listener = {}, signal }: PushOptions): Promise<Digest> {
  const stoppable = (sink: Sink): Sink => async (bytes) => {
    signal?.throwIfAborted();
    await sink(bytes);
  };
  const diffIDs = image.config.rootfs.diff_ids;
  const sizes = new Map<string, number>();
  for (const [at, layer] of chainIDs(diffIDs).entries()) sizes.set(diffIDs[at] as DiffID, await layerTarSize(store, layer));
  // One layer after the other: the next one's beginning is the end of the one before.
  let under: string | undefined;
  const written = (next?: string): void => {
    if (under !== undefined) listener.layer?.(under, { kind: 'sent', sizeBytes: sizes.get(under) ?? 0 });
    under = next;
  };
  await to((sink) => writeDockerArchive(store, stoppable(sink), [{ image, names }], (event) => {
    written(event.kind === 'layer' ? event.digest : undefined);
    if (event.kind === 'layer') listener.sending?.(event.digest, sizes.get(event.digest));
  }));
  const raw = manifestOfArchive(parseDigest(image.id), image.raw.length, diffIDs.map((diffID) => ({ digest: parseDigest(diffID), size: sizes.get(diffID) ?? 0 })));
  listener.config?.(parseDigest(image.id));
  listener.manifest?.(digestOf(raw), raw.length);
  return digestOf(raw);
}
