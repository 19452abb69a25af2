/** Monotonic milliseconds; only differences mean anything. */
export const monotonicMs = (): number => performance.now();

/** UTC with microseconds and Z, `2026-01-31T12:00:00.123456Z`; never earlier than the stamp before. */
export const wallMicros = wallClock(Date.now, monotonicMs);

/**
 * Stamps of a wall clock that shows whole milliseconds; the microseconds come from the monotonic clock. If the wall clock
 * is set back, stamps go on at half speed until it has caught up: the order of records is kept, and the truth is reached.
 */
export function wallClock(wallMs: () => number, monoMs: () => number): () => string {
  let last: { us: number; mono: number } | null = null;
  return () => {
    const mono = monoMs();
    const from = wallMs() * 1000;
    let us = from;
    if (last !== null) {
      const elapsed = Math.max(0, mono - last.mono) * 1000;
      const guess = Math.round(last.us + elapsed);
      const slowest = last.us + Math.max(1, Math.round(elapsed / 2));
      us = Math.max(slowest, Math.min(Math.max(guess, from), from + 999));
    }
    last = { us, mono };
    return `${new Date(Math.floor(us / 1000)).toISOString().slice(0, -1)}${String(us % 1000).padStart(3, '0')}Z`;
  };
}
