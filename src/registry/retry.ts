/** When to try again, and when to let it be. */
import { setTimeout as sleep } from 'node:timers/promises';
import { log } from '../lib/log.ts';
import { longestRetryAfterMs, type RegistryError, registryErrorOf } from './errors.ts';

const firstDelayMs = 500;
const longestDelayMs = 8000;
/** Longer waits of our own are told to whoever waits. */
const noticeableMs = 5000;
/** And one that the registry asks for from here on: nobody would guess it. */
const noticeableRetryAfterMs = 1000;

/**
 * How long to wait after the failure of attempt `attempt` (from 1): doubling from half a second, with jitter of a half either
 * side, at least what the server asked for. Undefined: it asks for longer than anybody waits. `fixedMs`: each time so long, by the user's wish.
 */
export function retryDelayMs(attempt: number, retryAfterMs: number | undefined, random: () => number = Math.random, fixedMs?: number): number | undefined {
  if (retryAfterMs !== undefined && retryAfterMs > longestRetryAfterMs) return undefined;
  const backoff = fixedMs ?? Math.min(firstDelayMs * 2 ** (attempt - 1), longestDelayMs) * (0.5 + random());
  return Math.max(Math.round(backoff), retryAfterMs ?? 0);
}

/** Retry-After: seconds or an HTTP date, as milliseconds from `now` on; undefined where it is neither. @see RFC 9110 section 10.2.3 */
export function parseRetryAfter(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text.trim())) return Number(text) * 1000;
  const at = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(text.trim()) ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

/**
 * Runs `attempt` until it succeeds, fails for good, or has failed `attempts` times in ways that may pass (and that `isWorthIt`
 * lets pass). Throws the last failure. `fixedMs`: as for retryDelayMs.
 */
export async function withRetries<T>(
  attempts: number, signal: AbortSignal | undefined, attempt: (number: number) => Promise<T>, isWorthIt: (failure: RegistryError) => boolean = () => true, fixedMs?: number,
): Promise<T> {
  for (let number = 1; ; number++) {
    try {
      return await attempt(number);
    } catch (error) {
      const failure = registryErrorOf(error);
      const delay = failure?.temporary === true && number < attempts && isWorthIt(failure) ? retryDelayMs(number, failure.retryAfterMs, Math.random, fixedMs) : undefined;
      if (delay === undefined) throw error;
      // A registry out of reach is told of at once: it may be starting, or the name may be wrong, and only the user knows.
      const isNoticeable = delay > noticeableMs || (failure?.retryAfterMs ?? 0) >= noticeableRetryAfterMs || failure?.stage === 'connect';
      (isNoticeable ? log.warn : log.debug)(`${failure?.message ?? ''}; attempt ${number + 1} of ${attempts} in ${Math.round(delay / 100) / 10} s`);
      await sleep(delay, undefined, { signal });
    }
  }
}
