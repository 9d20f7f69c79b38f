/**
 * Reading skopeo's "dir" format, a folder with a manifest and blobs by their bare hex.
 *
 * @see containers-transports(5) "dir:path"
 */
import { SkiffError } from '../../lib/errors.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { verifyDigest } from '../../oci/digest.ts';
import { hexOf } from '../../oci/ids.ts';
import { maxConfigBytes } from '../../oci/image-config.ts';
import { maxManifestBytes, parseManifest } from '../../oci/manifest.ts';
import type { OfferedImage } from '../index.ts';
import type { ArchiveFiles } from './files.ts';
import { offerManifest } from './offer.ts';

/** A docker-archive's manifest.json is an array and has no file "version" beside it. */
export function isDirTransport(files: ArchiveFiles): boolean {
  return files.kind === 'dir' && files.has('manifest.json') && files.has('version') && files.read('version', 4096).toString('latin1').startsWith('Directory Transport Version: 1.');
}

/** @throws as readOciLayout */
export function readDirTransport(files: ArchiveFiles): OfferedImage[] {
  const rawManifest = files.read('manifest.json', maxManifestBytes);
  const { value } = parseManifest(rawManifest);
  const read = (descriptor: Descriptor): Buffer => {
    if (files.sizeOf(hexOf(descriptor.digest)) !== descriptor.size) throw new SkiffError('DIGEST_MISMATCH', `config ${descriptor.digest} has another size than the manifest says`);
    const raw = files.read(hexOf(descriptor.digest), maxConfigBytes);
    verifyDigest(raw, descriptor.digest, `config ${descriptor.digest}`);
    return raw;
  };
  return [offerManifest(files, value, rawManifest, read(value.config), hexOf, [])];
}
