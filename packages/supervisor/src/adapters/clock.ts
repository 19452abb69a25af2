/** Monotonic milliseconds; only differences mean anything. */
export const monotonicMs = (): number => performance.now();

/** UTC with microseconds and Z, `2026-01-31T12:00:00.123456Z`. */
export function wallMicros(): string {
  const micros = Math.round((performance.timeOrigin + performance.now()) * 1000);
  // The monotonic clock drifts from the wall over weeks; Date is the truth, the fraction below a millisecond is not.
  const iso = new Date().toISOString();
  return `${iso.slice(0, -1)}${String(micros % 1000).padStart(3, '0')}Z`;
}
