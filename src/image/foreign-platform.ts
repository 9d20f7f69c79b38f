/** An image of another platform than was expected: nothing is refused for it, but who gets it should know. */
import type { ImageConfig } from '../oci/image-config.ts';
import type { Platform } from '../oci/platform.ts';
import { normalizePlatform, platformString } from '../oci/platform.ts';

/** What to say of it, in Podman's words; undefined where it fits, and where the image does not tell its architecture. Variants are no news. */
export function foreignPlatform({ os, architecture, variant }: Pick<ImageConfig, 'os' | 'architecture' | 'variant'>, wanted: Platform): string | undefined {
  const own = normalizePlatform({ os, architecture, ...(variant !== undefined && { variant }) });
  if (own.architecture === '' || (own.os === wanted.os && own.architecture === wanted.architecture)) return undefined;
  return `image platform (${platformString(own)}) does not match the expected platform (${platformString(wanted)})`;
}
