/**
 * The worker 'pack-layer': reads trees that untrusted programs wrote. Its root and its descriptors depend on what is asked.
 * The tar does not go to standard output: Node makes that non-blocking, and a full pipe would be an error instead of a wait.
 */
import { setFlagsFromString } from 'node:v8';
import type { WorkerCode } from '../host/worker.ts';
import { loadCompressor } from '../host/gzip.ts';
import { treeFiles } from '../host/tree-files.ts';
import { findChanges } from './pack/changes.ts';
import { compareStacks } from './pack/compare.ts';
import { diffTar } from './pack/diff-tar.ts';
import { GzipWriter } from './pack/gzip.ts';
import type { PackSink } from './pack/output.ts';
import { Output } from './pack/output.ts';
import { unsplit } from './pack/unsplit.ts';
import { verifyLayer } from './verify/verify-layer.ts';

export type PackRequest =
  /** Root: a layer's diff folder. Extra descriptors: where the tar goes, the tar-split file. */
  | { kind: 'layer'; gzip?: { level?: number | undefined } | undefined }
  /** Root: a layer's diff folder. Extra descriptor: the tar-split file. Answers VerifiedLayer. */
  | { kind: 'verify' }
  /** Root: a container's upper folder. Extra descriptor: where the tar goes. */
  | { kind: 'diff' }
  /** Root: overlay2/. Answers ChangesResult. */
  | { kind: 'changes'; upper: string; lowers: string[] }
  /** Root: overlay2/. Answers Change[]. */
  | { kind: 'compare'; from: string[]; to: string[] };

/** Loads everything, then returns what may run in the pivoted process. */
export async function loadPackWorker(): Promise<WorkerCode> {
  treeFiles();
  loadCompressor();
  return async ({ request, extraFds }) => {
    const asked = request as PackRequest;
    switch (asked.kind) {
      case 'layer':
        // The bytes are handled by native code, and the rest is over before an optimised version would have paid for its making: a fifth of the time.
        setFlagsFromString('--no-opt');
        await unsplit('', extraFds[1] as number, sinkFor(extraFds[0] as number, asked.gzip));
        return {};
      case 'verify': return verifyLayer('', extraFds[0] as number);
      case 'diff': diffTar('', extraFds[0] as number); return {};
      case 'changes': return findChanges(asked.upper, asked.lowers);
      case 'compare': return compareStacks(asked.from, asked.to);
    }
  };
}

function sinkFor(fd: number, gzip: { level?: number | undefined } | undefined): PackSink {
  const output = new Output(fd);
  if (gzip === undefined) return output;
  const writer = new GzipWriter((bytes) => output.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)), gzip.level);
  return {
    write: (bytes) => writer.write(bytes), drain: () => writer.drain(),
    end: async () => {
      await writer.end();
      output.end();
    },
  };
}
