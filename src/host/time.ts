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
  return `${formatSeconds(new Date(Number(seconds) * 1000))}.${rest.toString().padStart(9, '0')}Z`;
}

/** `2026-11-22T07:30:00`. By toISOString() only where the year is none of four digits: V8 has that load the local time zone, for nothing. */
function formatSeconds(date: Date): string {
  const year = date.getUTCFullYear();
  if (!(year >= 0 && year <= 9999)) return date.toISOString().slice(0, -5);
  const two = (value: number): string => (value < 10 ? `0${value}` : String(value));
  const day = `${String(year).padStart(4, '0')}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
  return `${day}T${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
}

/**
 * The same without zeros at the end, as Go's RFC3339Nano writes it: for image configs, whose bytes are their digest and come back from
 * other tools as Go writes them.
 */
export function formatGoTime(ns: bigint): string {
  return formatRfc3339Nano(ns).replace(/\.?0*Z$/, 'Z');
}
