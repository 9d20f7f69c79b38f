/** What the disk of the store must keep, whatever comes in: others on it have to go on working, and so have `rm` and `prune`. */
import { statfsSync } from 'node:fs';
import { SkiffError } from '../lib/errors.ts';

const reserveBytes = 64n * 1024n * 1024n;
const megabyte = 1_000_000n;

/** Bytes that may be written between two looks at the disk. */
export const lookEveryBytes = 64 * 1024 * 1024;

/** `bytes`: what is about to be written into `folder`, where it is known. @throws NO_SPACE */
export function requireFreeSpace(folder: string, bytes = 0): void {
  const { bavail, bsize } = statfsSync(folder, { bigint: true });
  const free = bavail * bsize;
  if (free >= BigInt(bytes) + reserveBytes) return;
  throw new SkiffError('NO_SPACE', bytes === 0 ? `less than ${reserveBytes / megabyte} MB are free on the disk of the store`
    : `${BigInt(bytes) / megabyte} MB are to come, and ${free / megabyte} MB are free on the disk of the store, of which ${reserveBytes / megabyte} MB are kept`);
}
