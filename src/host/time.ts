/** The clock. */

/** Nanoseconds between the wall clock and the monotonic one, taken once: times of one process never run backwards. */
const offsetNs = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();

/** Now, as nanoseconds since the epoch. The wall clock counts milliseconds; the digits below only keep the order within a process. */
export function nowNs(): bigint {
  return process.hrtime.bigint() + offsetNs;
}

/** Now in UTC as Go's RFC3339Nano writes it, but always with nine digits: `2026-11-22T07:30:00.123456789Z`. */
export function nowRfc3339Nano(): string {
  return formatRfc3339Nano(nowNs());
}

/** A time since the epoch in nanoseconds as `2026-11-22T07:30:00.123456789Z`. */
export function formatRfc3339Nano(ns: bigint): string {
  const seconds = ns >= 0n ? ns / 1_000_000_000n : (ns - 999_999_999n) / 1_000_000_000n; // rounded down, also before 1970
  const rest = ns - seconds * 1_000_000_000n;
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${rest.toString().padStart(9, '0')}Z`;
}

/**
 * The same without zeros at the end, as Go's RFC3339Nano writes it: for image configs, whose bytes are their digest and come back from
 * other tools as Go writes them.
 */
export function formatGoTime(ns: bigint): string {
  return formatRfc3339Nano(ns).replace(/\.?0*Z$/, 'Z');
}
