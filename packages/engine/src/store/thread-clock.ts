/**
 * Monotonic ms on the clock that all threads share; `performance.now()` begins at 0 in each of them, and its first call loads a
 * library, which a thread that starts has no time for.
 */
export function threadClock(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
