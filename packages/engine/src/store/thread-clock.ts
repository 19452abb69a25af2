/** Monotonic ms on the clock that all threads share; `performance.now()` begins at 0 in each of them. */
export function threadClock(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
