/** A list to its destination: its images first, wherever they lie, then the index that points at them. */
import { SkiffError, isCode, wrap } from '../../lib/errors.ts';
import type { Digest, ImageID } from '../../oci/ids.ts';
import { mediaTypes } from '../../oci/media-types.ts';
import type { RegistryClient } from '../../registry/index.ts';
import type { StoredImage } from '../../storage/imagedb.ts';
import { readImage } from '../../storage/imagedb.ts';
import type { Store } from '../../storage/index.ts';
import { openArchive } from '../archive/open.ts';
import { toFile } from '../archive/output.ts';
import type { LayoutEntry } from '../archive/save-oci.ts';
import { writeDirTransport, writeLayoutArchive, writeLayoutDir } from '../archive/save-oci.ts';
import { holdLayers } from '../hold-layers.ts';
import { firstMadeManifest } from '../manifests.ts';
import { copyImage } from '../push/copy-image.ts';
import type { PushOptions, PushedImage } from '../push/push-image.ts';
import { pushImage } from '../push/push-image.ts';
import type { Destination } from '../push/push-to.ts';
import { registryTarget } from '../push/registry-target.ts';
import { dirSource, layoutSource, registrySource } from '../push/source.ts';
import type { ImageTarget } from '../push/target.ts';
import { archivedImage, pushArchived } from './archived-member.ts';
import type { IndexMediaType } from './build-index.ts';
import { indexBytes, indexTypeFor } from './build-index.ts';
import type { ListMember, ManifestList } from './model.ts';

export interface ListPushOptions extends PushOptions {
  /** The images as well, not the index alone. */
  readonly all: boolean;
}

/**
 * `reference` and `mediaType` of the options are the index's; images of the store are sent in the format that goes with it.
 * @throws IMAGE_UNKNOWN where an image of the store has gone, and what pushImage and copyImage throw
 */
export async function pushList(store: Store, list: ManifestList, target: ImageTarget, options: ListPushOptions, client: () => Promise<RegistryClient>): Promise<PushedImage> {
  if (list.members.length === 0 && options.mediaType === mediaTypes.dockerManifest) throw new SkiffError('MANIFEST_INVALID', 'an empty list can\'t be pushed as v2s2');
  const { reference, all, listener: { manifest: _, ...listener } = {}, ...rest } = options;
  const members = all ? await pushMembers(store, list.members, target, { ...rest, listener }, client) : list.members;
  const type = indexType(options, { ...list, members });
  const raw = indexBytes({ ...list, members }, type);
  const digest = await target.putManifest(raw, type, reference);
  options.listener?.manifest?.(digest, raw.length);
  return { digest, raw, mediaType: type };
}

/** @throws UNSUPPORTED for places that hold one image */
export async function pushListTo(store: Store, list: ManifestList, destination: Destination, options: ListPushOptions, client: () => Promise<RegistryClient>): Promise<Digest> {
  const push = (target: ImageTarget, more: Partial<ListPushOptions> = {}): Promise<PushedImage> => pushList(store, list, target, { ...options, ...more }, client);
  switch (destination.transport) {
    case 'docker': {
      const { domain, path, tag = 'latest' } = destination.name;
      return (await push(registryTarget(await client(), { domain, path }), { reference: tag })).digest;
    }
    case 'oci': case 'oci-archive': {
      let digest: Digest | undefined;
      const write = async (target: ImageTarget): Promise<LayoutEntry[]> => {
        const pushed = await push(target, { mediaType: mediaTypes.ociManifest });
        digest = pushed.digest;
        return [{ pushed, refNames: destination.name === undefined ? [] : [destination.name] }];
      };
      if (destination.transport === 'oci') await writeLayoutDir(destination.path, write);
      else await toFile(destination.path, async (sink) => { await writeLayoutArchive(store, sink, write); });
      if (digest === undefined) throw new SkiffError('INTERNAL', 'nothing was written');
      return digest;
    }
    case 'dir': return (await writeDirTransport(destination.path, push, true)).digest;
    default: throw new SkiffError('UNSUPPORTED', `a manifest list can't be pushed to ${destination.transport}:, which holds one image`);
  }
}

function indexType({ mediaType }: PushOptions, list: ManifestList): IndexMediaType {
  if (mediaType === undefined) return indexTypeFor(list);
  return mediaType === mediaTypes.dockerManifest ? mediaTypes.dockerList : mediaTypes.ociIndex;
}

/** Images of the store that are removed while others are sent are sent all the same. */
async function pushMembers(store: Store, members: readonly ListMember[], target: ImageTarget, options: PushOptions, client: () => Promise<RegistryClient>): Promise<ListMember[]> {
  const images = new Map(members.flatMap((member) => storedImage(store, member) ?? []).map((image) => [image.id, image]));
  return holdLayers(store, [...images.values()], async () => {
    for (const member of members) storedImage(store, member); // what was removed before they were held
    const pushed: ListMember[] = [];
    for (const [at, member] of members.entries()) {
      options.listener?.member?.(member.digest, at + 1, members.length);
      pushed.push(await pushMember(store, member, images, target, options, client));
    }
    return pushed;
  });
}

function storedImage(store: Store, { source, digest }: ListMember): StoredImage | undefined {
  try {
    return source.kind === 'image' ? readImage(store, source.id) : undefined;
  } catch (error) {
    throw wrap(error, `push image ${digest}`, isCode(error, 'IMAGE_UNKNOWN') ? { hint: 'it was removed after it was added: take it out of the list with "manifest remove"' } : {});
  }
}

/** Returns the member as the destination has it: an image that is packed anew has another manifest. */
async function pushMember(store: Store, member: ListMember, images: ReadonlyMap<ImageID, StoredImage>, target: ImageTarget, options: PushOptions, client: () => Promise<RegistryClient>): Promise<ListMember> {
  const { source, digest } = member;
  try {
    switch (source.kind) {
      case 'image': {
        const image = images.get(source.id) ?? readImage(store, source.id);
        // The manifest with which an image was made names its layers as plain tars. Nobody has received them so: they go as by `push`.
        const isFirst = firstMadeManifest(store, source.id)?.digest === digest;
        const pushed = await pushImage(store, target, image, { ...options, ...(!isFirst && { manifest: digest }) });
        return { ...member, digest: pushed.digest, size: pushed.raw.length, mediaType: pushed.mediaType };
      }
      case 'registry': await copyImage(registrySource(await client(), { domain: source.domain, path: source.path }), target, digest, options.listener); return member;
      default: {
        const files = await openArchive(store, { path: source.path });
        try {
          if (source.kind === 'docker-archive') {
            const pushed = await pushArchived(archivedImage(files, digest), target, options);
            return { ...member, digest: pushed.digest, size: pushed.raw.length, mediaType: pushed.mediaType };
          }
          await copyImage(source.kind === 'dir' ? dirSource(files) : layoutSource(files), target, digest, options.listener);
        } finally {
          files.close();
        }
        return member;
      }
    }
  } catch (error) {
    throw wrap(error, `push image ${digest}`);
  }
}
