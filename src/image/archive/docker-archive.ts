/**
 * Reading what `docker save` and `podman save` write: manifest.json names configs, layers and tags of each image. Layers
 * may be plain files, members behind links (`../<id>/layer.tar`, as old Docker wrote for repeated layers), or compressed.
 *
 * @see moby image/tarexport/load.go; containers/image docker/internal/tarfile
 */
import { SkiffError, isCode, wrap } from '../../lib/errors.ts';
import { verifyDigest } from '../../oci/digest.ts';
import { chainIDs, digestOf, parseDigest, parseImageID } from '../../oci/ids.ts';
import type { Digest, DiffID } from '../../oci/ids.ts';
import type { ImageConfig } from '../../oci/image-config.ts';
import { maxConfigBytes, parseImageConfig } from '../../oci/image-config.ts';
import { FieldReader, parseJson } from '../../oci/json.ts';
import { mediaTypes } from '../../oci/media-types.ts';
import type { NamedReference } from '../../oci/reference.ts';
import { normalize, parseReference } from '../../oci/reference.ts';
import type { LayerBlob, OfferedImage } from '../index.ts';
import type { ArchiveFiles } from './files.ts';
import { headBytes } from './offer.ts';
import { cleanName } from './tar-index.ts';

const maxManifestBytes = 1024 * 1024 * 4;
const maxImages = 1000;
const maxNames = 1000;

export function isDockerArchive(files: ArchiveFiles): boolean {
  return files.has('manifest.json');
}

/** Everything but the layers' bytes is read and checked here. @throws ARCHIVE_INVALID, ARCHIVE_TRUNCATED, CONFIG_INVALID, DIGEST_MISMATCH, DIGEST_INVALID */
export function readDockerArchive(files: ArchiveFiles): OfferedImage[] {
  const document = parseJson(files.read('manifest.json', maxManifestBytes), { what: 'manifest.json', code: 'ARCHIVE_INVALID', maxBytes: maxManifestBytes });
  if (!Array.isArray(document) || document.length > maxImages) throw new SkiffError('ARCHIVE_INVALID', `manifest.json is not an array of at most ${maxImages} images`);
  if (document.length === 0) throw new SkiffError('ARCHIVE_INVALID', 'manifest.json names no image');
  return document.map((item, at) => readImage(files, new FieldReader(item, `manifest.json: image ${at}`, 'ARCHIVE_INVALID')));
}

/**
 * A docker-archive holds no manifests: the one that skopeo and Podman make of an image in it when they read it, which tells its digest.
 *
 * @see containers/image docker/internal/tarfile/src.go "GetManifest"
 */
export function manifestOfArchive(config: Digest, configBytes: number, layers: readonly { readonly digest: Digest; readonly size: number }[]): Buffer {
  return Buffer.from(JSON.stringify({
    schemaVersion: 2, mediaType: mediaTypes.dockerManifest,
    config: { mediaType: mediaTypes.dockerConfig, size: configBytes, digest: config },
    layers: layers.map(({ digest, size }) => ({ mediaType: mediaTypes.dockerLayerGzip, size, digest })),
  }));
}

function readImage(files: ArchiveFiles, item: FieldReader): OfferedImage {
  item.refuseCaseVariants(['Config', 'RepoTags', 'Layers']);
  const configName = item.string('Config');
  const rawConfig = files.read(configName, maxConfigBytes);
  const named = digestInName(configName);
  if (named !== undefined) verifyDigest(rawConfig, named, `config ${JSON.stringify(configName)}`);
  const id = parseImageID(digestOf(rawConfig));
  const config = parseConfig(rawConfig, configName);
  const layerNames = item.optionalStrings('Layers', 1024) ?? [];
  return {
    id, rawConfig, config, rawManifest: undefined,
    layers: planLayers(files, layerNames, config.rootfs.diff_ids, configName),
    names: (item.optionalStrings('RepoTags', maxNames) ?? []).map(parseRepoTag),
  };
}

function parseConfig(raw: Buffer, name: string): ImageConfig {
  try {
    return parseImageConfig(raw);
  } catch (error) {
    throw wrap(error, `config ${JSON.stringify(name)}`);
  }
}

function planLayers(files: ArchiveFiles, names: readonly string[], diffIDs: readonly DiffID[], configName: string): LayerBlob[] {
  if (names.length !== diffIDs.length) {
    throw new SkiffError('ARCHIVE_INVALID', `config ${JSON.stringify(configName)} has ${diffIDs.length} layers, manifest.json ${names.length}`);
  }
  const chain = chainIDs(diffIDs);
  return diffIDs.map((diffID, at) => {
    const name = names[at] as string;
    const chainID = chain[at];
    if (chainID === undefined) throw new SkiffError('INTERNAL', 'chain shorter than its layers');
    // Opened late: nothing but its presence is looked at before the whole plan stands.
    return { diffID, chainID, name, digest: undefined, sizeBytes: files.sizeOf(name), head: () => files.peek(name, headBytes), open: () => files.stream(name) };
  });
}

/** Docker writes its short names here, Podman whole ones: Docker's rule reads both. */
function parseRepoTag(text: string): NamedReference {
  try {
    const reference = normalize(parseReference(text));
    if (reference.tag === undefined || reference.digest !== undefined) throw new SkiffError('ARCHIVE_INVALID', `name ${JSON.stringify(text.slice(0, 200))} in manifest.json has no tag`);
    return reference;
  } catch (error) {
    if (isCode(error, 'REFERENCE_INVALID')) throw new SkiffError('ARCHIVE_INVALID', `manifest.json: ${error.message}`, { cause: error });
    throw error;
  }
}

/** Configs are named by their digest: `<hex>.json`, or `blobs/sha256/<hex>` since Docker 25. */
function digestInName(name: string): Digest | undefined {
  const hex = /^(?:([0-9a-f]{64})\.json|blobs\/sha256\/([0-9a-f]{64}))$/.exec(cleanName(name) ?? '');
  return hex === null ? undefined : parseDigest(`sha256:${hex[1] ?? hex[2]}`);
}
