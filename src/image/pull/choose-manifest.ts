/** From what a name led to, a manifest or an index, to the manifest of one image. */
import { SkiffError, isCode } from '../../lib/errors.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/ids.ts';
import type { ImageIndex } from '../../oci/index.ts';
import type { Manifest } from '../../oci/manifest.ts';
import { parseManifestOrIndex } from '../../oci/manifest.ts';
import { isIndexMediaType, isManifestMediaType } from '../../oci/media-types.ts';
import type { Platform } from '../../oci/platform.ts';
import { choosePlatform, platformString } from '../../oci/platform.ts';

/** Real ones have one level; an index in itself would have no end. */
const maxIndexDepth = 4;
const maxShown = 20;

export interface ChosenManifest {
  readonly manifest: Manifest;
  readonly raw: Buffer;
  readonly digest: Digest;
  /** The indexes passed on the way, outermost first. */
  readonly indexes: readonly Buffer[];
}

export interface Document { readonly raw: Buffer; readonly mediaType: string | undefined }

/**
 * `fetch` gets a document that an index names; its digest is checked by whoever fetches, its size here.
 * @throws MANIFEST_INVALID (nested too deep, or what the parsers refuse), MANIFEST_UNKNOWN (no image for the platform), DIGEST_MISMATCH, and what fetch throws
 */
export async function chooseManifest(top: Document, platform: Platform, fetch: (descriptor: Descriptor) => Promise<Document>): Promise<ChosenManifest> {
  const indexes: Buffer[] = [];
  const seen = new Set<Digest>();
  for (let at = top; ;) {
    const { value, digest } = parseManifestOrIndex(at.raw, at.mediaType);
    if (value.kind === 'manifest') return { manifest: value, raw: at.raw, digest, indexes };
    if (seen.size >= maxIndexDepth || seen.has(digest)) throw new SkiffError('MANIFEST_INVALID', `indexes are nested more than ${maxIndexDepth} deep`);
    seen.add(digest);
    indexes.push(at.raw);
    const chosen = chooseImage(value, platform);
    const { raw, mediaType } = await fetch(chosen);
    if (raw.length !== chosen.size) throw new SkiffError('DIGEST_MISMATCH', `manifest ${chosen.digest} has ${raw.length} bytes, its descriptor says ${chosen.size}`);
    // What the index says of it counts as well as what the registry says.
    if (mediaType !== undefined) agreeOn(raw, mediaType, chosen);
    at = { raw, mediaType: chosen.mediaType };
  }
}

function agreeOn(raw: Buffer, mediaType: string, { digest, mediaType: described }: Descriptor): void {
  try {
    parseManifestOrIndex(raw, mediaType);
  } catch (error) {
    if (isCode(error, 'MANIFEST_INVALID')) throw new SkiffError('MANIFEST_INVALID', `manifest ${digest}, ${described} in its index: ${error.message}`, { cause: error });
    throw error;
  }
}

function chooseImage(index: ImageIndex, platform: Platform): Descriptor {
  const images = index.manifests.filter(({ mediaType, platform: own, artifactType }) =>
    (isManifestMediaType(mediaType) || isIndexMediaType(mediaType)) && own?.os !== 'unknown' && artifactType === undefined);
  // An index of one image without a platform is that image.
  const [only] = images;
  const chosen = images.length === 1 && only?.platform === undefined ? only : choosePlatform(images, platform);
  if (chosen !== undefined) return chosen;
  const offered = [...new Set(images.flatMap((image) => (image.platform === undefined ? [] : [platformString(image.platform)])))];
  throw new SkiffError('MANIFEST_UNKNOWN', `no image for ${platformString(platform)} in its index`, {
    ...(offered.length > 0 && { hint: `there are: ${offered.slice(0, maxShown).join(', ')}${offered.length > maxShown ? ', …' : ''}` }),
  });
}
