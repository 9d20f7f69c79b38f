/** What the disk of the store must keep, whatever comes in: others on it have to go on working, and so have `rm` and `prune`. */
import { statfsSync } from 'node:fs';
import { SkiffError } from '../lib/errors.ts';
import { humanSize } from '../lib/units.ts';

const reserveBytes = 64 * 1024 * 1024;

/**
 * Bytes that one writer may write between two looks at the disk. The disk itself is what all writers, of all processes, count together:
 * by so much each of them may be late, and all of them together by less than the reserve.
 */
export const lookEveryBytes = 4 * 1024 * 1024;

/** Whether `bytes` fit into `folder` and leave the reserve. */
export function hasFreeSpace(folder: string, bytes: number): boolean {
  return freeBytes(folder) - reserveBytes >= bytes;
}

/** `claimedBytes`: what a manifest says is to come into `folder`, where it says anything. @throws NO_SPACE */
export function requireFreeSpace(folder: string, claimedBytes = 0): void {
  if (hasFreeSpace(folder, claimedBytes)) return;
  const [claimed, free, kept] = [claimedBytes, freeBytes(folder), reserveBytes].map((bytes) => humanSize(bytes, { digits: 3 }));
  throw new SkiffError('NO_SPACE', claimedBytes === 0 ? `${free} are free on the disk of the store, and ${kept} have to stay free`
    : `the manifest claims ${claimed} that are not here yet; ${free} are free on the disk of the store, and ${kept} have to stay free`);
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder, { bigint: true });
  return Number(bavail * bsize);
}
