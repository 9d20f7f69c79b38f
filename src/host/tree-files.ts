/**
 * The calls on files that Node lacks, for those who read and write trees of untrusted origin (storage's workers): device
 * nodes and fifos, extended attributes, exact times, sums. Thin: each throws as node:fs does. Names may be bytes.
 *
 * Nothing here confines anything: call it in a worker that is pivoted into the tree (host/worker.ts), or on names that
 * no archive chose.
 */
import type { Sys } from './sys.ts';
import { sys } from './sys.ts';

export type TreeFiles = Pick<Sys,
  'mknod' | 'lsetxattr' | 'lgetxattr' | 'llistxattr' | 'lremovexattr' | 'lutimes' | 'lstat' | 'seekData' | 'seekHole' | 'syncfs' | 'renameNoReplace' | 'renameExchange' | 'crc64' | 'openRegular' | 'readSummed' | 'readRegular'>;

/** Loads the addon on first use: before a pivot, in a worker. */
export function treeFiles(): TreeFiles {
  return sys();
}
