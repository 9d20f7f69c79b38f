/** Bounding how much goes on at once, and waiting for it. */

/** Runs what it is given, at most `most` at a time, in the order it came. */
export type Limiter = <T>(work: () => Promise<T>) => Promise<T>;

export function limiter(most: number): Limiter {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    // A place is handed over, not freed and taken: nobody who comes later gets in between.
    if (running >= most) await new Promise<void>((go) => { waiting.push(go); });
    else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}

/** Waits for all, also after a failure: nothing goes on behind our back. Of several failures the first in time is the cause. */
export async function allOrFirstFailure<T>(works: readonly Promise<T>[]): Promise<T[]> {
  try {
    return await Promise.all(works);
  } catch (error) {
    await Promise.allSettled(works);
    throw error;
  }
}
