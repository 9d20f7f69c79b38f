/**
 * Waits that end. What a test waits for comes, on any machine that works, long before its deadline; when it does not come, the test
 * fails with what was seen so far, and the others go on.
 */
import { setTimeout as delay } from 'node:timers/promises';

export const deadlineMs = 120_000;

const lookMs = 5;

/** The promise's result; rejects when there is none in time. `seen` tells what was there instead. */
export function within<T>(promise: Promise<T>, seen: () => string, ms = deadlineMs): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => { reject(new Error(`not within ${ms / 1000} s: ${seen()}`)); }, ms);
    promise.then(resolve, reject).finally(() => { clearTimeout(timer); });
  });
}

/** Waits for a condition that nothing announces. `hopeless` tells why it can't come true any more. */
export async function until(condition: () => boolean, seen = (): string => 'the condition never came true', hopeless?: () => string | undefined): Promise<void> {
  for (const end = performance.now() + deadlineMs; !condition();) {
    const reason = hopeless?.();
    if (reason !== undefined) throw new Error(reason);
    if (performance.now() > end) throw new Error(`not within ${deadlineMs / 1000} s: ${seen()}`);
    await delay(lookMs);
  }
}

/** Those who wait for a pattern in a text that grows until it is over. */
export interface Waiters {
  /** To be called when there is more text, or no more will come. */
  wake(): void;
  wait(pattern: RegExp): Promise<RegExpExecArray>;
}

/**
 * `look` gives the match where there is one already, `over` whether no more will come, `seen` what is to be told when the pattern
 * has not come.
 */
export function waiters({ look, over, seen }: { look: (pattern: RegExp) => RegExpExecArray | null; over: () => boolean; seen: () => string }): Waiters {
  const waiting = new Set<() => void>();
  return {
    wake: () => { for (const check of waiting) check(); },
    wait: (pattern) => new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        waiting.delete(check);
        clearTimeout(timer);
        act();
      };
      const check = (): void => {
        const match = look(pattern);
        if (match !== null) settle(() => { resolve(match); });
        else if (over()) settle(() => { reject(new Error(`ended before ${pattern}: ${seen()}`)); });
      };
      const timer = setTimeout(() => { settle(() => { reject(new Error(`no ${pattern} within ${deadlineMs / 1000} s: ${seen()}`)); }); }, deadlineMs);
      waiting.add(check);
      check();
    }),
  };
}
