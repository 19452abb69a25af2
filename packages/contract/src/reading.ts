/**
 * What an adapter returns: a value, or why there is none, with the error's code if a program decides by it. A blind sensor
 * is never zero and never calm.
 */
export type Reading<T> = { available: true; value: T } | { available: false; why: string; code?: string | undefined };

export const available = <T>(value: T): Reading<T> => ({ available: true, value });
export const unavailable = (why: string, code?: string): Reading<never> =>
  code === undefined ? { available: false, why } : { available: false, why, code };
