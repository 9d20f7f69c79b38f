/** @see image-spec image-layout.md "Blobs" */
import type { Digest } from '../../oci/ids.ts';

/** The member of an OCI layout that holds a blob. The digest is parsed: its parts can't hold a slash. */
export function blobName(digest: Digest): string {
  return `blobs/${digest.replace(':', '/')}`;
}
