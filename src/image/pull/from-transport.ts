/**
 * `pull` from anything but a registry: archives, layouts and folders, and the store of a Docker daemon. The same readers as
 * `load` has; what differs is that one image can be chosen, and how it is called.
 *
 * @see containers-transports(5)
 */
import { closeSync, constants, openSync } from 'node:fs';
import { posix } from 'node:path';
import { SkiffError, wrap } from '../../lib/errors.ts';
import type { Platform } from '../../oci/platform.ts';
import { canonicalString, normalize, parseReference, withDefaultTag } from '../../oci/reference.ts';
import type { NamedReference } from '../../oci/reference.ts';
import type { Store } from '../../storage/index.ts';
import type { ArchiveFiles } from '../archive/files.ts';
import { dirFiles } from '../archive/files.ts';
import { readDirTransport } from '../archive/dir-transport.ts';
import { isDockerArchive, readDockerArchive } from '../archive/docker-archive.ts';
import type { OciEntry } from '../archive/oci-layout.ts';
import { imageName, isOciLayout, readOciEntry } from '../archive/oci-layout.ts';
import { openArchive } from '../archive/open.ts';
import type { OfferedImage } from '../index.ts';
import type { LoadedImage } from '../load.ts';
import { storeImages } from '../load.ts';
import type { Location } from '../transports.ts';
import { requireTrusted } from '../trust/require.ts';
import { saveFromDaemon } from './docker-daemon.ts';
import type { OnPullEvent } from './events.ts';

export interface TransportPull { readonly platform: Platform; readonly onEvent: OnPullEvent; readonly signal: AbortSignal; readonly signaturePolicy?: string | undefined }

type Elsewhere = Exclude<Location, { transport: 'docker' }>;

/**
 * All or nothing. @throws what openArchive and the readers throw, IMAGE_UNKNOWN (no such image there), IMAGE_AMBIGUOUS, POLICY_REFUSED
 */
export async function pullFromTransport(store: Store, location: Elsewhere, pull: TransportPull): Promise<LoadedImage[]> {
  trust(location, pull.signaturePolicy);
  const files = await openLocation(store, location, pull.signal);
  try {
    return await storeImages(store, offeredBy(location, files, pull.platform), (event) => pull.onEvent({ kind: 'archive', event }), { signal: pull.signal });
  } finally {
    files.close();
  }
}

function trust(location: Elsewhere, signaturePolicy: string | undefined): void {
  const subject = location.transport === 'docker-daemon' ? { transport: location.transport, reference: daemonName(location.reference) }
    : location.transport === 'dir' || location.transport === 'docker-archive' ? { transport: location.transport, path: location.path }
    : { transport: location.transport, path: location.path, image: location.name };
  requireTrusted(subject, ...(signaturePolicy === undefined ? [] : [signaturePolicy]));
}

/** The caller closes it. */
export async function openLocation(store: Store, location: Elsewhere, signal: AbortSignal): Promise<ArchiveFiles> {
  switch (location.transport) {
    case 'docker-daemon': return saveFromDaemon(store, location.reference, signal);
    case 'oci': case 'dir': return openFolder(location.path);
    case 'oci-archive': case 'docker-archive': return openArchive(store, { path: location.path }, signal);
  }
}

/** The folder itself, for what can't be read in one that is none would only be "missing". */
function openFolder(path: string): ArchiveFiles {
  try {
    closeSync(openSync(path, constants.O_RDONLY | constants.O_DIRECTORY));
  } catch (error) {
    throw wrap(error, 'open folder');
  }
  return dirFiles(path);
}

/** What of it is meant: one image, or all of a docker-archive where none is named. */
export function offeredBy(location: Elsewhere, files: ArchiveFiles, platform: Platform): OfferedImage[] {
  switch (location.transport) {
    case 'dir': {
      require(files.has('manifest.json'), 'a folder of an image: there is no manifest.json');
      return readDirTransport(files);
    }
    case 'oci': case 'oci-archive': {
      require(isOciLayout(files), 'an OCI layout: index.json and oci-layout are not both there');
      return [named(location, readOciEntry(files, platform, location.name))];
    }
    case 'docker-archive': {
      require(isDockerArchive(files), 'a docker-archive: there is no manifest.json');
      const offered = readDockerArchive(files);
      return location.name === undefined ? offered : [byNameOrPlace(offered, location.name)];
    }
    case 'docker-daemon': {
      require(isDockerArchive(files), 'a docker-archive what the daemon sent: there is no manifest.json');
      const [image] = readDockerArchive(files);
      if (image === undefined) throw new SkiffError('ARCHIVE_INVALID', 'the daemon sent no image');
      return [{ ...image, names: isIDOf(image, location.reference) ? image.names : [daemonName(location.reference)] }];
    }
  }
}

function require(fits: boolean, what: string): void {
  if (!fits) throw new SkiffError('ARCHIVE_INVALID', `not ${what}`);
}

/**
 * By its name in the layout. Where that is no image reference ("2+build"), or there is none, a folder's path names the image,
 * as Podman before 4.7 names all of them.
 */
function named({ transport, path }: { transport: 'oci' | 'oci-archive'; path: string }, { image, refNames }: OciEntry): OfferedImage {
  const names = refNames.flatMap((refName) => imageName(refName) ?? []);
  const fromPath = names.length === 0 && transport === 'oci' ? imageName(posix.normalize(path).replace(/^\/+|\/+$/g, '')) : undefined;
  if (names.length > 0) return { ...image, names, notes: [] };
  if (fromPath === undefined) return image;
  return { ...image, names: [fromPath], notes: refNames.length === 0 ? [] : [`${JSON.stringify(refNames[0])} is no image reference: the image is called ${canonicalString(fromPath)}`] };
}

/** "@N" is the N-th image of the archive. */
function byNameOrPlace(offered: readonly OfferedImage[], name: string): OfferedImage {
  const place = /^@(\d{1,6})$/.exec(name)?.[1];
  if (place === undefined) return byName(offered, name);
  const image = offered[Number(place)];
  if (image === undefined) throw new SkiffError('IMAGE_UNKNOWN', `there are ${offered.length} images, none at place ${place}`);
  return image;
}

function byName(offered: readonly OfferedImage[], name: string): OfferedImage {
  const wanted = withDefaultTag(normalize(parseReference(name)));
  const image = offered.find(({ names }) => names.some((own) => canonicalString(own) === canonicalString(wanted)));
  if (image === undefined) throw new SkiffError('IMAGE_UNKNOWN', `no image ${JSON.stringify(name)} there`);
  return { ...image, names: [wanted] };
}

function isID(text: string): boolean {
  return /^(?:sha256:)?[0-9a-f]{64}$/.test(text);
}

/** A daemon finds images by the beginning of their id, too. One that it has by this name was found by the name: Docker looks there first. */
function isIDOf({ id, names }: OfferedImage, text: string): boolean {
  if (isID(text)) return true;
  if (!/^(?:sha256:)?[0-9a-f]+$/.test(text) || !id.startsWith(`sha256:${text.replace('sha256:', '')}`)) return false;
  const name = canonicalString(daemonName(text));
  return !names.some((own) => canonicalString(own) === name);
}

/** Of an id: a name that only policies see. @throws REFERENCE_INVALID */
function daemonName(text: string): NamedReference {
  try {
    return isID(text) ? { domain: 'docker.io', path: 'library/unnamed' } : withDefaultTag(normalize(parseReference(text)));
  } catch (error) {
    throw wrap(error, 'docker-daemon');
  }
}
