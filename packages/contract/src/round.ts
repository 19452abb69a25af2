/** The nearest multiple of 10^-digits: what records and people are shown. */
export function round(value: number, digits = 1): number {
  const by = 10 ** digits;
  return Math.round(value * by) / by;
}

/** The same with two digits for a value that may be unknown. */
export const hundredths = (value: number | null): number | null => (value === null ? null : round(value, 2));
