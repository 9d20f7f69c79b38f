/** Undo in reverse: whatever is acquired pushes its release here, as it is acquired. */
import { log } from './log.ts';

type Release = () => void | Promise<void>;

/**
 * A stack of releases. Succeeding code calls `disarm()`, which forgets them; any other way out calls `close()`, which runs
 * them all, last pushed first. One failing release never keeps the others from running.
 */
export class CleanupStack {
  #steps: { what: string; release: Release }[] = [];

  /** `what` names the step in messages: `unmount "/x"`. */
  push(what: string, release: Release): void {
    this.#steps.push({ what, release });
  }

  /** Keeps what was acquired: nothing will be released. */
  disarm(): void {
    this.#steps = [];
  }

  /**
   * Runs all releases. Without `primary`, failures are thrown together (AggregateError, or the one). With it, the failure that
   * led here stays the one to report: failures of releases are logged, and nothing is thrown. Idempotent.
   */
  async close(primary?: unknown): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step.release();
      } catch (error) {
        failures.push(error);
        if (primary !== undefined) log.warn(`clean up: ${step.what}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    if (primary !== undefined || failures.length === 0) return;
    throw failures.length === 1 ? failures[0] : new AggregateError(failures, `clean up: ${failures.length} steps failed`);
  }
}
