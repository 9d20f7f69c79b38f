/** Adding layers and then what refers to them, as one step: after a failure the layers go again. */
import { log } from '../lib/log.ts';
import { sweep, sweepOnce } from '../storage/gc.ts';
import type { Store } from '../storage/index.ts';
import type { Lease } from '../storage/lease.ts';
import { leaseLayers } from '../storage/lease.ts';

/**
 * Runs `work` with a lease that keeps its layers until an image refers to them. Where it fails, what it added and nothing
 * else refers to is swept at once; where another command is changing the store just then, by the next sweep.
 */
export async function withNewLayers<T>(store: Store, work: (lease: Lease) => Promise<T>): Promise<T> {
  sweepOnce(store);
  const lease = leaseLayers(store);
  try {
    const result = await work(lease);
    lease.release();
    return result;
  } catch (error) {
    lease.abandon();
    sweepAfter(store);
    throw error;
  }
}

/** The failure that led here is the one to report. */
function sweepAfter(store: Store): void {
  try {
    sweep(store);
  } catch (error) {
    log.warn(`clean up: ${error instanceof Error ? error.message : String(error)}`);
  }
}
