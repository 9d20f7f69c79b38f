/**
 * Reading an OCI image layout, in a folder or in a tar file: index.json names manifests, everything else is a blob under
 * its digest. Every document is checked against the digest that led to it, layers while they stream (load.ts).
 *
 * @see image-spec image-layout.md, annotations.md "org.opencontainers.image.ref.name"
 */
import { SkiffError, isCode } from '../../lib/errors.ts';
import { hasControls } from '../../lib/printable.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { verifyDigest } from '../../oci/digest.ts';
import { digestOf } from '../../oci/ids.ts';
import { maxConfigBytes } from '../../oci/image-config.ts';
import type { ImageIndex } from '../../oci/index.ts';
import { FieldReader, parseJson } from '../../oci/json.ts';
import type { Manifest } from '../../oci/manifest.ts';
import { maxManifestBytes, parseManifestOrIndex } from '../../oci/manifest.ts';
import { isIndexMediaType, isManifestMediaType } from '../../oci/media-types.ts';
import type { Platform } from '../../oci/platform.ts';
import { choosePlatform, platformString } from '../../oci/platform.ts';
import type { NamedReference } from '../../oci/reference.ts';
import { canonicalString, normalizeLocal, parseReference, withDefaultTag } from '../../oci/reference.ts';
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
 * Every image of the layout; of images that differ by platform only, the one for `platform`. A name that is no image reference
 * is left out, and told in the image's notes.
 * @throws ARCHIVE_INVALID, ARCHIVE_TRUNCATED, MANIFEST_INVALID, CONFIG_INVALID, DIGEST_MISMATCH, DIGEST_INVALID
 */
export function readOciLayout(files: ArchiveFiles, platform: Platform): OfferedImage[] {
  const chosen = chooseImages(readIndex(files).manifests, platform);
  requireImages(chosen, platform);
  return mergeNames(chosen.map((descriptor) => readImage(files, descriptor, platform)));
}

/** One image of a layout, and the names that index.json has for it, as they stand there. */
export interface OciEntry { readonly image: OfferedImage; readonly refNames: readonly string[] }

/**
 * The image called `name`, or the only one. Nothing but its own documents is read: damage to others doesn't matter. A name is
 * any string; only where none is the same, one that means the same image reference counts.
 * @throws as readOciLayout; IMAGE_UNKNOWN, IMAGE_AMBIGUOUS
 */
export function readOciEntry(files: ArchiveFiles, platform: Platform, name: string | undefined): OciEntry {
  const { manifests } = readIndex(files);
  const all = chooseImages(manifests, platform);
  requireImages(all, platform);
  if (name !== undefined) {
    const same = manifests.filter((one) => namesIn(one).includes(name));
    const [chosen] = chooseImages(same.length > 0 ? same : manifests.filter((one) => namesIn(one).some((own) => meansSame(own, name))), platform);
    if (chosen === undefined) throw new SkiffError('IMAGE_UNKNOWN', `no image ${JSON.stringify(name)} there`, there(all));
    return { image: readImage(files, chosen, platform), refNames: [name] };
  }
  const [only] = all;
  if (only === undefined || all.some(({ digest }) => digest !== only.digest)) throw new SkiffError('IMAGE_AMBIGUOUS', 'more than one image there, choose an image', there(all));
  return { image: readImage(files, only, platform), refNames: all.flatMap((one) => namesIn(one).slice(0, 1)) };
}

/** How a name of an entry becomes the name of an image; undefined where it is no image reference, as a layout allows. */
export function imageName(refName: string): NamedReference | undefined {
  try {
    return withDefaultTag(normalizeLocal(parseReference(refName)));
  } catch (error) {
    if (isCode(error, 'REFERENCE_INVALID')) return undefined;
    throw error;
  }
}

function readIndex(files: ArchiveFiles): ImageIndex {
  const version = new FieldReader(parseJson(files.read('oci-layout', 4096), { what: 'oci-layout', code: 'ARCHIVE_INVALID', maxBytes: 4096 }), 'oci-layout', 'ARCHIVE_INVALID').string('imageLayoutVersion');
  if (!version.startsWith('1.')) throw new SkiffError('ARCHIVE_INVALID', `unknown image layout version ${JSON.stringify(version.slice(0, 40))}`);
  const index = parseManifestOrIndex(files.read('index.json', maxManifestBytes)).value;
  if (index.kind !== 'index') throw new SkiffError('ARCHIVE_INVALID', 'index.json is an image, not an index');
  for (const name of index.manifests.flatMap(namesIn)) if (hasControls(name)) throw new SkiffError('ARCHIVE_INVALID', `index.json: the name ${JSON.stringify(name.slice(0, 200))} has control characters`);
  return index;
}

function requireImages(chosen: readonly Descriptor[], platform: Platform): void {
  if (chosen.length === 0) throw new SkiffError('ARCHIVE_INVALID', `no image for ${platformString(platform)} in index.json`);
  if (chosen.length > maxImages) throw new SkiffError('ARCHIVE_INVALID', `more than ${maxImages} images`);
}

function there(all: readonly Descriptor[]): { hint?: string } {
  const names = [...new Set(all.flatMap((one) => namesIn(one).slice(0, 1)))];
  return names.length === 0 ? {} : { hint: `there are: ${names.slice(0, 20).map((name) => name.slice(0, 200)).join(', ')}` };
}

/** Descriptors of one name are one image for many platforms. Attestations and signatures are no images. */
function chooseImages(manifests: readonly Descriptor[], platform: Platform): Descriptor[] {
  const byName = new Map<string, Descriptor[]>();
  for (const descriptor of manifests) {
    const { mediaType, platform: own } = descriptor;
    if (!isManifestMediaType(mediaType) && !isIndexMediaType(mediaType)) continue;
    if (own?.os === 'unknown' || descriptor.artifactType !== undefined) continue;
    // Without a platform it can't be an alternative to others: it stands for itself.
    const name = namesIn(descriptor)[0] ?? '';
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
  const [refName] = namesIn(descriptor);
  const name = refName === undefined ? undefined : imageName(refName);
  const offered = offerManifest(files, manifest, rawManifest, readBlob(files, manifest.config, maxConfigBytes, 'config'), blobName, name === undefined ? [] : [name]);
  return refName === undefined || name !== undefined ? offered : { ...offered, notes: [`${JSON.stringify(refName.slice(0, 200))} is no image reference: the image comes without that name`] };
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

/** The whole name first, where there is one. */
function namesIn({ annotations }: Descriptor): string[] {
  return [annotations?.[containerdName], annotations?.[refName]].filter((text) => text !== undefined && text !== '') as string[];
}

function meansSame(one: string, other: string): boolean {
  const [first, second] = [imageName(one), imageName(other)];
  return first !== undefined && second !== undefined && canonicalString(first) === canonicalString(second);
}

/** One image under several names has a descriptor for each. Images of one config are several where their manifests differ. */
function mergeNames(images: readonly OfferedImage[]): OfferedImage[] {
  const byDigest = new Map<string, OfferedImage>();
  for (const image of images) {
    const key = image.rawManifest === undefined ? image.id : digestOf(image.rawManifest);
    const before = byDigest.get(key);
    byDigest.set(key, before === undefined ? image : { ...before, names: [...before.names, ...image.names], notes: [...(before.notes ?? []), ...(image.notes ?? [])] });
  }
  return [...byDigest.values()];
}
