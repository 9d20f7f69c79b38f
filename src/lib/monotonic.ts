/** Milliseconds of a clock that no one sets. As performance.now(), for whose first look Node loads a dozen modules. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
