/** From a manifest and its config to an image that can be stored: what OCI layouts and "dir" folders have in common. */
import { SkiffError } from '../../lib/errors.ts';
import type { Digest } from '../../oci/ids.ts';
import { chainIDs, parseImageID } from '../../oci/ids.ts';
import { parseImageConfig } from '../../oci/image-config.ts';
import type { Manifest } from '../../oci/manifest.ts';
import { requireImageManifest } from '../../oci/manifest.ts';
import type { NamedReference } from '../../oci/reference.ts';
import type { LayerBlob, OfferedImage } from '../index.ts';
import type { ArchiveFiles } from './files.ts';

/** Enough to tell how a layer is compressed. */
export const headBytes = 6;

/**
 * `rawConfig` has the digest that the manifest says. `blobName` tells the file of a blob.
 * @throws MANIFEST_INVALID, CONFIG_INVALID, DIGEST_MISMATCH (a size), ARCHIVE_INVALID (a blob is missing), UNSUPPORTED
 */
export function offerManifest(files: ArchiveFiles, manifest: Manifest, rawManifest: Uint8Array, rawConfig: Buffer, blobName: (digest: Digest) => string, names: readonly NamedReference[]): OfferedImage {
  requireImageManifest(manifest);
  const config = parseImageConfig(rawConfig);
  const diffIDs = config.rootfs.diff_ids;
  if (manifest.layers.length !== diffIDs.length) {
    throw new SkiffError('MANIFEST_INVALID', `the manifest has ${manifest.layers.length} layers, its config ${diffIDs.length}`);
  }
  const chain = chainIDs(diffIDs);
  const layers = manifest.layers.map((layer, at): LayerBlob => {
    const [diffID, chainID] = [diffIDs[at], chain[at]];
    if (diffID === undefined || chainID === undefined) throw new SkiffError('INTERNAL', 'chain shorter than its layers');
    const name = blobName(layer.digest);
    const found = files.sizeOf(name);
    if (found !== layer.size) throw new SkiffError('DIGEST_MISMATCH', `layer ${layer.digest} has ${found} bytes, its descriptor says ${layer.size}`);
    return { diffID, chainID, name, digest: layer.digest, sizeBytes: layer.size, head: () => files.peek(name, headBytes), open: () => files.stream(name) };
  });
  return { id: imageIDOf(manifest.config.digest), rawConfig, config, rawManifest, names, layers };
}

function imageIDOf(digest: Digest): OfferedImage['id'] {
  if (!digest.startsWith('sha256:')) throw new SkiffError('UNSUPPORTED', `config ${digest}: images are named by sha256 here`);
  return parseImageID(digest);
}
