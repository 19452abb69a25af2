const LOOK_MS = 100;

/**
 * How long a frame may have waited in the kernel for this process to run, ms: what the last look came late by, or the next
 * one is late by now. 0 while all is well; the time asleep for what is read first after a freeze.
 */
export function lateness(): () => number {
  let due = performance.now() + LOOK_MS;
  let late = 0;
  setInterval(() => {
    const now = performance.now();
    late = Math.max(0, now - due);
    due = now + LOOK_MS;
  }, LOOK_MS).unref();
  return () => Math.max(late, performance.now() - due, 0);
}
