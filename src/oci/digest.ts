/** Checking bytes against a digest while they stream by. */
import { createHash } from 'node:crypto';
import { SkiffError } from '../lib/errors.ts';
import { sha256Hex } from '../lib/sha256.ts';
import type { Digest } from './ids.ts';
import { parseDigest } from './ids.ts';

export type DigestAlgorithm = 'sha256' | 'sha512';

export function algorithmOf(digest: Digest): DigestAlgorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256';
}

/** Holds a running digest; `end` compares. One use. */
export interface DigestCheck {
  update(bytes: Uint8Array): void;
  /** Bytes seen so far. */
  readonly sizeBytes: number;
  /** @throws DIGEST_MISMATCH naming `what`, the digest found and the digest wanted */
  end(what: string): void;
}

export function checkDigest(wanted: Digest): DigestCheck {
  const algorithm = algorithmOf(wanted);
  const running = createHash(algorithm);
  let sizeBytes = 0;
  return {
    update(bytes) {
      running.update(bytes);
      sizeBytes += bytes.length;
    },
    get sizeBytes() {
      return sizeBytes;
    },
    end(what) {
      const found = parseDigest(`${algorithm}:${running.digest('hex')}`);
      if (found !== wanted) throw new SkiffError('DIGEST_MISMATCH', `${what} has digest ${found}, expected ${wanted}`, { data: { found, wanted } });
    },
  };
}

/** The same for bytes at hand. @throws DIGEST_MISMATCH */
export function verifyDigest(bytes: Uint8Array, wanted: Digest, what: string): void {
  // Nearly always sha256, for which nothing has to be loaded.
  if (algorithmOf(wanted) === 'sha256' && `sha256:${sha256Hex(bytes)}` === wanted) return;
  const check = checkDigest(wanted);
  check.update(bytes);
  check.end(what);
}
