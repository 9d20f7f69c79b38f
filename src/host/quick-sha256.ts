/** Has lib/sha256.ts use the addon, loaded at the first digest. */
import { isCode } from '../lib/errors.ts';
import { useSha256 } from '../lib/sha256.ts';
import { sys } from './sys.ts';

/** Idempotent, loads nothing by itself. */
export function quickSha256(): void {
  useSha256((bytes) => {
    try {
      return sys().sha256(bytes);
    } catch (error) {
      if (isCode(error, 'HELPER_MISSING')) return undefined; // an installation without helpers can still read
      throw error;
    }
  });
}
