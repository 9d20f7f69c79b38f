/**
 * The worker 'unpack-layer': input (0) is the layer's tar, maybe compressed; extra descriptors are tar-split's file, the stash
 * and, for a file that is still growing, the pipe that tells of it; its root is the layer's empty diff folder. Answers UnpackResult.
 */
import type { WorkerCode } from '../host/worker.ts';
import { treeFiles } from '../host/tree-files.ts';
import { followFile } from './unpack/follow.ts';
import { prepareUnpack } from './unpack/layer.ts';

/** What the worker is asked with. */
export interface UnpackWorkerRequest {
  /** Length of the input, where it is known beforehand. */
  readonly declaredBytes?: number | undefined;
  /** The input is a file that is still being written, to be followed until it has declaredBytes. */
  readonly grows?: boolean;
}

/** Loads everything, then returns what may run in the pivoted process. */
export async function loadUnpackWorker(): Promise<WorkerCode> {
  treeFiles();
  const unpack = await prepareUnpack();
  return ({ input: fd, extraFds, request }) => {
    const { declaredBytes, grows } = request as UnpackWorkerRequest;
    const [splitFd, stashFd, grownFd] = extraFds as readonly [number, number, number?];
    const input = grows === true && grownFd !== undefined && declaredBytes !== undefined ? followFile(fd, declaredBytes, grownFd) : fd;
    return unpack({ root: '', input, declaredBytes, splitFd, stashFd });
  };
}
