/** Random names and numbers, from the kernel (getrandom(2)) and without node:crypto, which takes 3 ms to load. */
import { sys } from './sys.ts';

/** At most 256. */
export function randomBytes(count: number): Buffer {
  return sys().random(count);
}

/** `bytes` random bytes as twice as many hex digits. */
export function randomHex(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}

/** 0 <= n < below, each with the same chance; below at most 65536. */
export function randomBelow(below: number): number {
  const fair = 65_536 - (65_536 % below);
  for (;;) {
    const drawn = randomBytes(2).readUInt16LE();
    if (drawn < fair) return drawn % below;
  }
}
