/**
 * From what a user names to members of a list: an image of the store, a manifest list of the store, an image or an index of a
 * registry, an archive or a folder. Nothing but manifests and configs is read.
 */
import { resolve } from 'node:path';
import { SkiffError, wrap } from '../../lib/errors.ts';
import type { Digest } from '../../oci/ids.ts';
import { digestOf } from '../../oci/ids.ts';
import { maxConfigBytes } from '../../oci/image-config.ts';
import { FieldReader, parseJson } from '../../oci/json.ts';
import { maxManifestBytes, parseManifestOrIndex } from '../../oci/manifest.ts';
import { isIndexMediaType, isManifestMediaType, mediaTypes } from '../../oci/media-types.ts';
import type { Platform } from '../../oci/platform.ts';
import { normalizePlatform, platformString } from '../../oci/platform.ts';
import type { Store } from '../../storage/index.ts';
import { isDirTransport } from '../archive/dir-transport.ts';
import { openArchive } from '../archive/open.ts';
import { hostPlatform } from '../host-platform.ts';
import type { ResolvedImage } from '../index.ts';
import { keepMadeManifest } from '../make-manifest.ts';
import { newestManifest } from '../manifests.ts';
import { meantManifest } from '../name-digests.ts';
import type { ImageSource } from '../push/source.ts';
import { dirSource, layoutSource, readSmallBlob, registrySource } from '../push/source.ts';
import { findImage } from '../resolve.ts';
import type { Location } from '../transports.ts';
import { parseLocation } from '../transports.ts';
import { chooseMember } from './choose-member.ts';
import { findList } from './list-store.ts';
import type { Remote } from './remote.ts';
import { fetchNamed } from './remote.ts';
import type { ListMember, ListPlatform, MemberSource } from './model.ts';
import { readPlatform } from './model.ts';

export interface MemberRequest {
  /** Of an index: all its images; otherwise the one for `platform`. */
  readonly all: boolean;
  /** Default: this machine's. */
  readonly platform?: { readonly architecture?: string | undefined; readonly os?: string | undefined; readonly variant?: string | undefined } | undefined;
}

/**
 * A name without transport is looked for in the store first, then in its registry.
 * @throws IMAGE_UNKNOWN, MANIFEST_UNKNOWN, MANIFEST_INVALID, UNSUPPORTED (a daemon, an archive with compressed layers), REGISTRY_FAILED …
 */
export async function membersOf(store: Store, text: string, request: MemberRequest, remote: Remote): Promise<ListMember[]> {
  const location = parseLocation(text);
  switch (location?.transport) {
    case undefined: {
      const list = findList(store, text);
      if (list !== undefined) return request.all ? [...list.members] : [chosenMember(list.members, request, text)];
      const image = findImage(store, text);
      return image === undefined ? fromRegistry(remote, text, false, request) : [await memberOfImage(store, image)];
    }
    case 'docker': return fromRegistry(remote, location.reference, true, request);
    case 'oci': case 'oci-archive': return fromLayout(store, location.path, location.name, request);
    case 'dir': return fromDir(store, location.path, request);
    case 'docker-archive': return [await memberOfArchive(store, location)];
    default: throw new SkiffError('UNSUPPORTED', `${text}: a manifest list takes images of the store, docker://, oci:, oci-archive:, docker-archive: and dir:`, { hint: 'load it into the store first' });
  }
}

async function memberOfImage(store: Store, image: ResolvedImage): Promise<ListMember> {
  const kept = meantManifest(store, image.id, image.name) ?? newestManifest(store, image.id) ?? (await keepMadeManifest(store, image.id, image.raw, image.config), newestManifest(store, image.id));
  if (kept === undefined) throw new SkiffError('STORE_CORRUPT', `image ${image.id} has no manifest`);
  return { mediaType: kept.value.mediaType, digest: kept.digest, size: kept.raw.length, platform: configPlatform(image.raw), source: { kind: 'image', id: image.id } };
}

async function fromRegistry(remote: Remote, text: string, isWhole: boolean, request: MemberRequest): Promise<ListMember[]> {
  const { repository, fetched } = await fetchNamed(remote, text, isWhole);
  return membersOfDocument(registrySource(await remote.client(), repository), { kind: 'registry', ...repository }, fetched.raw, fetched.mediaType, request, text);
}

async function fromLayout(store: Store, path: string, name: string | undefined, request: MemberRequest): Promise<ListMember[]> {
  const files = await openArchive(store, { path });
  try {
    const from = layoutSource(files);
    const index = parseManifestOrIndex(files.read('index.json', maxManifestBytes)).value;
    if (index.kind !== 'index') throw new SkiffError('ARCHIVE_INVALID', 'index.json is an image, not an index');
    const named = name === undefined ? index.manifests : index.manifests.filter(({ annotations }) => annotations?.['org.opencontainers.image.ref.name'] === name);
    const [only, more] = [...new Map(named.map((one) => [one.digest, one])).values()];
    if (only === undefined) throw new SkiffError('MANIFEST_UNKNOWN', name === undefined ? 'the layout is empty' : `no image with the reference ${JSON.stringify(name)} in the layout`);
    if (more !== undefined) throw new SkiffError('IMAGE_AMBIGUOUS', 'more than one image in the layout', { hint: `name one: oci:${path}:NAME` });
    const { raw } = await from.manifest(only.digest);
    return await membersOfDocument(from, { kind: 'layout', path: resolve(path) }, raw, only.mediaType, request, `oci:${path}`);
  } catch (error) {
    throw wrap(error, `read ${JSON.stringify(path)}`);
  } finally {
    files.close();
  }
}

async function fromDir(store: Store, path: string, request: MemberRequest): Promise<ListMember[]> {
  const files = await openArchive(store, { path });
  try {
    if (!isDirTransport(files)) throw new SkiffError('ARCHIVE_INVALID', 'not a folder as skopeo writes it');
    return await membersOfDocument(dirSource(files), { kind: 'dir', path: resolve(path) }, files.read('manifest.json', maxManifestBytes), undefined, request, `dir:${path}`);
  } catch (error) {
    throw wrap(error, `read ${JSON.stringify(path)}`);
  } finally {
    files.close();
  }
}

async function memberOfArchive(store: Store, location: Location & { transport: 'docker-archive' }): Promise<ListMember> {
  const [{ offeredBy }, { archivedManifest }] = await Promise.all([import('../pull/from-transport.ts'), import('./archived-member.ts')]);
  const files = await openArchive(store, { path: location.path });
  try {
    const [image, more] = offeredBy(location, files, hostPlatform());
    if (image === undefined) throw new SkiffError('ARCHIVE_INVALID', 'there is no image');
    if (more !== undefined) throw new SkiffError('IMAGE_AMBIGUOUS', 'more than one image in the archive', { hint: `name one: docker-archive:${location.path}:NAME, or :@0 for the first` });
    const raw = archivedManifest(image);
    return { mediaType: mediaTypes.dockerManifest, digest: digestOf(raw), size: raw.length, platform: configPlatform(image.rawConfig), source: { kind: 'docker-archive', path: resolve(location.path) } };
  } catch (error) {
    throw wrap(error, `read ${JSON.stringify(location.path)}`);
  } finally {
    files.close();
  }
}

async function membersOfDocument(from: ImageSource, source: MemberSource, raw: Uint8Array, mediaType: string | undefined, request: MemberRequest, text: string): Promise<ListMember[]> {
  const { value, digest } = parseManifestOrIndex(raw, mediaType);
  if (value.kind === 'manifest') {
    const config = await readSmallBlob(from, value.config.digest, maxConfigBytes);
    return [{ mediaType: value.mediaType, digest, size: raw.length, platform: configPlatform(config), ...(Object.keys(value.annotations).length > 0 && { annotations: value.annotations }), source }];
  }
  const written = platformsOf(raw);
  const members = value.manifests.map((descriptor, at): ListMember => {
    if (isIndexMediaType(descriptor.mediaType)) throw new SkiffError('UNSUPPORTED', `${text}: an index of indexes`);
    return {
      mediaType: isManifestMediaType(descriptor.mediaType) ? descriptor.mediaType : 'application/vnd.oci.image.manifest.v1+json', digest: descriptor.digest, size: descriptor.size,
      platform: written[at], annotations: descriptor.annotations, ...(descriptor.artifactType !== undefined && { artifactType: descriptor.artifactType }), source,
    };
  });
  return request.all ? members : [chosenMember(members, request, text)];
}

/** The platforms of an index as they were written; parseManifestOrIndex has read the same bytes and normalised them. */
function platformsOf(raw: Uint8Array): (ListPlatform | undefined)[] {
  const from = new FieldReader(parseJson(raw, { what: 'index', code: 'MANIFEST_INVALID', maxBytes: maxManifestBytes }), 'index', 'MANIFEST_INVALID');
  return from.array('manifests', 10_000).map((value, at) => {
    const platform = new FieldReader(value, `index: manifest ${at}`, 'MANIFEST_INVALID').optionalObject('platform');
    return platform === undefined ? undefined : readPlatform(platform);
  });
}

function configPlatform(rawConfig: Uint8Array): ListPlatform {
  return readPlatform(new FieldReader(parseJson(rawConfig, { what: 'image config', code: 'CONFIG_INVALID', maxBytes: maxConfigBytes }), 'image config', 'CONFIG_INVALID'));
}

function chosenMember(members: readonly ListMember[], { platform = {} }: MemberRequest, text: string): ListMember {
  const host = hostPlatform();
  const architecture = platform.architecture ?? host.architecture;
  const variant = platform.variant ?? (platform.architecture === undefined ? host.variant : undefined);
  const wanted: Platform = normalizePlatform({ os: platform.os ?? host.os, architecture, ...(variant !== undefined && { variant }) });
  const chosen = chooseMember(members, wanted);
  if (chosen === undefined) throw new SkiffError('MANIFEST_UNKNOWN', `${text}: no image for ${platformString(wanted)} in the index`, { hint: 'to add all of them: --all' });
  return chosen;
}

/** The digest by which a list knows what a user names: a digest itself, or an image of the store. @throws MANIFEST_UNKNOWN */
export function memberDigest(store: Store, members: readonly ListMember[], text: string): Digest {
  const plain = text.includes('@') ? text.slice(text.indexOf('@') + 1) : text;
  const exact = members.find(({ digest }) => digest === plain);
  if (exact !== undefined) return exact.digest;
  const image = /^sha(?:256|512):/.test(plain) ? undefined : findImage(store, text);
  const member = image === undefined ? undefined : members.find(({ source }) => source.kind === 'image' && source.id === image.id);
  if (member === undefined) throw new SkiffError('MANIFEST_UNKNOWN', `${text}: not in the list`);
  return member.digest;
}
