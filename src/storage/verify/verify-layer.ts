/**
 * One layer against its tar-split: the tar is put together again, hashed, and each member compared with the tree. What the pack
 * worker does for `system check` once it is pivoted into the layer's diff folder.
 */
import { createHash } from 'node:crypto';
import { SkiffError } from '../../lib/errors.ts';
import { assemble } from '../pack/unsplit.ts';
import { TarScanner } from '../tar/scanner.ts';
import { maxFindings, TreeCheck } from './tree-check.ts';
import { treeSize } from './tree-size.ts';

/** Plain data: it crosses a process border. */
export interface VerifiedLayer {
  /** sha256 of the tar, hex; of no meaning where there are findings. */
  readonly sha256: string;
  /** What is wrong with which name; none where all is as the tar says. */
  readonly findings: readonly string[];
  /** What the files of the tree come to. */
  readonly sizeBytes: number;
  /** What those of the tar do: a store that a rootless Docker filled notes this. */
  readonly tarSizeBytes: number;
}

/** `root`: "" in a pivoted worker. @throws STORE_CORRUPT where tar-split itself is damaged */
export async function verifyLayer(root: string, splitFd: number): Promise<VerifiedLayer> {
  const hash = createHash('sha256');
  const check = new TreeCheck(root);
  const scanner = new TarScanner(check);
  const damaged: string[] = [];
  try {
    await assemble(root, splitFd, (bytes) => {
      hash.update(bytes);
      scanner.push(bytes);
    }, (error) => {
      if (damaged.length < maxFindings) damaged.push(error.message);
    });
    scanner.end();
  } catch (error) {
    if (error instanceof SkiffError && error.code.startsWith('ARCHIVE_')) throw new SkiffError('STORE_CORRUPT', `tar-split data is damaged: ${error.message}`, { cause: error });
    throw error;
  }
  const inTree = check.finish();
  // A file that could not be read is told of by both: once is enough.
  const told = inTree.map((line) => line.slice(0, line.indexOf('" ') + 1));
  const found = [...inTree, ...damaged.map((line) => line.replace(/^layer file /, '')).filter((line) => !told.some((name) => line.startsWith(name)))];
  const findings = [...found, ...check.timesBeside(found)].slice(0, maxFindings);
  return { sha256: hash.digest('hex'), findings, sizeBytes: treeSize(root), tarSizeBytes: check.tarSizeBytes };
}
