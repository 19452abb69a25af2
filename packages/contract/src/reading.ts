/** What an adapter returns: a value, or why there is none. A blind sensor is never zero and never calm. */
export type Reading<T> = { available: true; value: T } | { available: false; why: string };

export const available = <T>(value: T): Reading<T> => ({ available: true, value });
export const unavailable = (why: string): Reading<never> => ({ available: false, why });
