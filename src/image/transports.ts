/**
 * Where an image may lie outside of the store, as users write it: `transport:details`.
 *
 * @see containers-transports(5)
 */
import { SkiffError } from '../lib/errors.ts';

export type Location =
  /** A registry. `reference` as written behind docker://. */
  | { readonly transport: 'docker'; readonly reference: string }
  /** An OCI layout; `name` is its reference there. */
  | { readonly transport: 'oci' | 'oci-archive'; readonly path: string; readonly name: string | undefined }
  | { readonly transport: 'docker-archive'; readonly path: string; readonly name: string | undefined }
  | { readonly transport: 'dir'; readonly path: string }
  /** The store of a Docker daemon. */
  | { readonly transport: 'docker-daemon'; readonly reference: string };

const elsewhere: readonly string[] = ['containers-storage', 'ostree', 'sif', 'tarball', 'atomic'];

/** undefined where `text` begins with no transport: then it is a name. @throws REFERENCE_INVALID, UNSUPPORTED */
export function parseLocation(text: string): Location | undefined {
  const colon = text.indexOf(':');
  const transport = text.slice(0, Math.max(colon, 0));
  const details = text.slice(colon + 1);
  switch (transport) {
    case 'docker': return details.startsWith('//') ? { transport, reference: filled(text, details.slice(2)) } : undefined;
    case 'oci': case 'oci-archive': case 'docker-archive': {
      const end = details.indexOf(':');
      return { transport, path: filled(text, end < 0 ? details : details.slice(0, end)), name: end < 0 ? undefined : filled(text, details.slice(end + 1)) };
    }
    case 'dir': return { transport, path: filled(text, details) };
    case 'docker-daemon': return { transport, reference: filled(text, details) };
    default:
      if (elsewhere.includes(transport)) throw new SkiffError('UNSUPPORTED', `transport ${JSON.stringify(`${transport}:`)} is not supported: use docker://, oci:, oci-archive:, docker-archive:, dir: or docker-daemon:`);
      return undefined;
  }
}

function filled(text: string, part: string): string {
  if (part === '' || part.includes('\0')) throw new SkiffError('REFERENCE_INVALID', `invalid image location ${JSON.stringify(text.slice(0, 200))}`);
  return part;
}
