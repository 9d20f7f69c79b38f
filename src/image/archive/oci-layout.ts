/**
 * Reading an OCI image layout, in a folder or in a tar file: index.json names manifests, everything else is a blob under
 * its digest. Every document is checked against the digest that led to it, layers while they stream (load.ts).
 *
 * @see image-spec image-layout.md, annotations.md "org.opencontainers.image.ref.name"
 */
import { SkiffError, isCode, wrap } from '../../lib/errors.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { verifyDigest } from '../../oci/digest.ts';
import { maxConfigBytes } from '../../oci/image-config.ts';
import type { ImageIndex } from '../../oci/index.ts';
import { FieldReader, parseJson } from '../../oci/json.ts';
import type { Manifest } from '../../oci/manifest.ts';
import { maxManifestBytes, parseManifestOrIndex } from '../../oci/manifest.ts';
import { isIndexMediaType, isManifestMediaType } from '../../oci/media-types.ts';
import type { Platform } from '../../oci/platform.ts';
import { choosePlatform, platformString } from '../../oci/platform.ts';
import type { NamedReference } from '../../oci/reference.ts';
import { normalizeLocal, parseReference, withDefaultTag } from '../../oci/reference.ts';
import type { OfferedImage } from '../index.ts';
import type { ArchiveFiles } from './files.ts';
import { blobName } from './blob-name.ts';
import { offerManifest } from './offer.ts';

/** As containerd and Docker's exporter name images; a whole reference, where ref.name may be a tag only. */
const containerdName = 'io.containerd.image.name';
const refName = 'org.opencontainers.image.ref.name';
const maxImages = 1000;
const maxIndexDepth = 4;

export function isOciLayout(files: ArchiveFiles): boolean {
  return files.has('index.json') && files.has('oci-layout');
}

/**
 * Every image of the layout; of images that differ by platform only, the one for `platform`.
 * @throws ARCHIVE_INVALID, ARCHIVE_TRUNCATED, MANIFEST_INVALID, CONFIG_INVALID, DIGEST_MISMATCH, DIGEST_INVALID
 */
export function readOciLayout(files: ArchiveFiles, platform: Platform): OfferedImage[] {
  const version = new FieldReader(parseJson(files.read('oci-layout', 4096), { what: 'oci-layout', code: 'ARCHIVE_INVALID', maxBytes: 4096 }), 'oci-layout', 'ARCHIVE_INVALID').string('imageLayoutVersion');
  if (!version.startsWith('1.')) throw new SkiffError('ARCHIVE_INVALID', `unknown image layout version ${JSON.stringify(version.slice(0, 40))}`);
  const index = parseManifestOrIndex(files.read('index.json', maxManifestBytes)).value;
  if (index.kind !== 'index') throw new SkiffError('ARCHIVE_INVALID', 'index.json is an image, not an index');
  const chosen = chooseImages(index, platform);
  if (chosen.length === 0) throw new SkiffError('ARCHIVE_INVALID', `no image for ${platformString(platform)} in index.json`);
  if (chosen.length > maxImages) throw new SkiffError('ARCHIVE_INVALID', `more than ${maxImages} images`);
  return mergeNames(chosen.map((descriptor) => readImage(files, descriptor, platform)));
}

/** Descriptors of one name are one image for many platforms. Attestations and signatures are no images. */
function chooseImages(index: ImageIndex, platform: Platform): Descriptor[] {
  const byName = new Map<string, Descriptor[]>();
  for (const descriptor of index.manifests) {
    const { mediaType, annotations, platform: own } = descriptor;
    if (!isManifestMediaType(mediaType) && !isIndexMediaType(mediaType)) continue;
    if (own?.os === 'unknown' || descriptor.artifactType !== undefined) continue;
    // Without a platform it can't be an alternative to others: it stands for itself.
    const name = annotations?.[containerdName] ?? annotations?.[refName] ?? '';
    const key = own === undefined ? `${descriptor.digest} ${name}` : `name ${name}`;
    const sameName = byName.get(key);
    if (sameName === undefined) byName.set(key, [descriptor]);
    else sameName.push(descriptor);
  }
  // A single image of a foreign platform is still what the user asked to load.
  return [...byName.values()].flatMap((offers) => (offers.length === 1 ? offers : choosePlatform(offers, platform) ?? []));
}

function readImage(files: ArchiveFiles, descriptor: Descriptor, platform: Platform): OfferedImage {
  const { manifest, rawManifest } = readManifest(files, descriptor, platform, 0);
  return offerManifest(files, manifest, rawManifest, readBlob(files, manifest.config, maxConfigBytes, 'config'), blobName, namesOf(descriptor));
}

function readManifest(files: ArchiveFiles, descriptor: Descriptor, platform: Platform, depth: number): { manifest: Manifest; rawManifest: Buffer } {
  const raw = readBlob(files, descriptor, maxManifestBytes, 'manifest');
  const { value } = parseManifestOrIndex(raw, descriptor.mediaType);
  if (value.kind === 'manifest') return { manifest: value, rawManifest: raw };
  if (depth >= maxIndexDepth) throw new SkiffError('ARCHIVE_INVALID', 'indexes are nested too deep');
  const images = value.manifests.filter((one) => one.platform?.os !== 'unknown');
  const chosen = images.length === 1 ? images[0] : choosePlatform(images, platform);
  if (chosen === undefined) throw new SkiffError('ARCHIVE_INVALID', `no image for ${platformString(platform)} in index ${descriptor.digest}`);
  return readManifest(files, chosen, platform, depth + 1);
}

function readBlob(files: ArchiveFiles, descriptor: Descriptor, maxBytes: number, what: string): Buffer {
  checkSize(files, descriptor, what);
  const raw = files.read(blobName(descriptor.digest), maxBytes);
  verifyDigest(raw, descriptor.digest, `${what} "${blobName(descriptor.digest)}"`);
  return raw;
}

function checkSize(files: ArchiveFiles, descriptor: Descriptor, what: string): void {
  const found = files.sizeOf(blobName(descriptor.digest));
  if (found !== descriptor.size) throw new SkiffError('DIGEST_MISMATCH', `${what} ${descriptor.digest} has ${found} bytes, its descriptor says ${descriptor.size}`);
}

function namesOf({ annotations }: Descriptor): NamedReference[] {
  const text = annotations?.[containerdName] ?? annotations?.[refName];
  if (text === undefined || text === '') return [];
  try {
    return [withDefaultTag(normalizeLocal(parseReference(text)))];
  } catch (error) {
    if (isCode(error, 'REFERENCE_INVALID')) throw wrap(error, 'index.json');
    throw error;
  }
}

/** One image under several names has a descriptor for each. */
function mergeNames(images: readonly OfferedImage[]): OfferedImage[] {
  const byID = new Map<string, OfferedImage>();
  for (const image of images) {
    const before = byID.get(image.id);
    byID.set(image.id, before === undefined ? image : { ...before, names: [...before.names, ...image.names] });
  }
  return [...byID.values()];
}
