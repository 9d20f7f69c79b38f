/**
 * Commands that take long and clean up when they are told to stop: ctrl-c ends what is under way, keeps what is worth keeping, and is
 * told once. A second signal ends the process at once; the store can take that, too.
 */
import { constants } from 'node:os';
import { SkiffError } from '../lib/errors.ts';

const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs `work` with a signal that is aborted by SIGINT, SIGTERM and SIGHUP. @throws INTERRUPTED (exit code 128+n), and what work throws */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const hear = (name: NodeJS.Signals): void => {
    unhear();
    stop.abort(new SkiffError('INTERRUPTED', `interrupted by ${name}`, { exitCode: 128 + constants.signals[name] }));
  };
  const unhear = (): void => { for (const name of names) process.removeListener(name, hear); };
  for (const name of names) process.on(name, hear);
  try {
    return await work(stop.signal);
  } catch (error) {
    // Whatever broke while it was being stopped is a consequence.
    stop.signal.throwIfAborted();
    throw error;
  } finally {
    unhear();
  }
}
