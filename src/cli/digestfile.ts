/** --digestfile of push and its kin: the digest and nothing behind it. */
import { writeFileSync } from 'node:fs';
import { withUserUmask } from '../host/umask.ts';
import { wrap } from '../lib/errors.ts';
import type { Digest } from '../oci/ids.ts';

/** @throws PERMISSION, NOT_FOUND, NO_SPACE */
export function writeDigestfile(path: string | undefined, digest: Digest): void {
  if (path === undefined) return;
  try {
    withUserUmask(() => writeFileSync(path, digest));
  } catch (error) {
    throw wrap(error, 'write digest file');
  }
}
