/** Where images are copied from without passing through the store: a repository, an OCI layout, a folder. */
import { SkiffError } from '../../lib/errors.ts';
import { verifyDigest } from '../../oci/digest.ts';
import type { Digest } from '../../oci/ids.ts';
import { hexOf } from '../../oci/ids.ts';
import { maxManifestBytes } from '../../oci/manifest.ts';
import type { RegistryClient, Repository } from '../../registry/index.ts';
import { blobName } from '../archive/blob-name.ts';
import type { ArchiveFiles } from '../archive/files.ts';

export interface ImageSource {
  /** The repository, where it is one: another of the same registry can take blobs over. */
  readonly repository: Repository | undefined;
  /** A manifest or index by its digest, checked against it. @throws MANIFEST_UNKNOWN, ARCHIVE_INVALID, DIGEST_MISMATCH */
  manifest(digest: Digest): Promise<{ readonly raw: Uint8Array; readonly mediaType: string | undefined }>;
  /** A blob, unchecked. May be asked for again. */
  blob(digest: Digest): AsyncIterable<Uint8Array>;
}

export function registrySource(client: RegistryClient, repository: Repository): ImageSource {
  return {
    repository,
    manifest: (digest) => client.fetchManifest(repository, digest),
    async *blob(digest) {
      yield* (await client.fetchBlob(repository, digest)).body;
    },
  };
}

/** The files stay the caller's to close. */
export function layoutSource(files: ArchiveFiles): ImageSource {
  return {
    repository: undefined,
    manifest: async (digest) => {
      const raw = files.read(blobName(digest), maxManifestBytes);
      verifyDigest(raw, digest, `manifest ${digest}`);
      return { raw, mediaType: undefined };
    },
    blob: (digest) => files.stream(blobName(digest)) as AsyncIterable<Uint8Array>,
  };
}

/** The same of a folder of skopeo's: blobs by their bare hex; manifests of a list's images beside that of the list. */
export function dirSource(files: ArchiveFiles): ImageSource {
  return {
    repository: undefined,
    manifest: async (digest) => {
      const own = `${hexOf(digest)}.manifest.json`;
      const raw = files.read(files.has(own) ? own : 'manifest.json', maxManifestBytes);
      verifyDigest(raw, digest, `manifest ${digest}`);
      return { raw, mediaType: undefined };
    },
    blob: (digest) => files.stream(hexOf(digest)) as AsyncIterable<Uint8Array>,
  };
}

/** All of a small blob, checked. @throws DIGEST_MISMATCH, CONFIG_INVALID where it is larger than `maxBytes` */
export async function readSmallBlob(source: ImageSource, digest: Digest, maxBytes: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const piece of source.blob(digest)) {
    sizeBytes += piece.length;
    if (sizeBytes > maxBytes) throw new SkiffError('CONFIG_INVALID', `blob ${digest} is too large: more than ${maxBytes} bytes`);
    pieces.push(piece);
  }
  const raw = Buffer.concat(pieces);
  verifyDigest(raw, digest, `blob ${digest}`);
  return raw;
}
