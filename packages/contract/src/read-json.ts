/**
 * Readers of parsed JSON, for the few files and rows that each start or each look of the supervisor reads: schemas of zod, which
 * say of every fault where it is and what would be valid, take 30 ms and some megabytes before the first of them is read.
 */

/** The value as what it should be, without keys that nobody knows. Throws if it is something else. */
export type ReadJson<T> = (value: unknown) => T;

const only =
  <T>(is: (value: unknown) => boolean): ReadJson<T> =>
  (value) => {
    if (!is(value)) throw new TypeError('another value than expected');
    return value as T;
  };

export const text = only<string>((value) => typeof value === 'string');
export const textUpTo = (chars: number) => only<string>((value) => typeof value === 'string' && value.length <= chars);
export const flag = only<boolean>((value) => typeof value === 'boolean');
/** Finite, as every number of JSON that JSON.parse() can hold. */
export const number = only<number>(Number.isFinite);
export const whole = only<number>(Number.isSafeInteger);
/** Zero or more; a count is whole. */
export const measure = only<number>((value) => Number.isFinite(value) && (value as number) >= 0);
export const count = only<number>((value) => Number.isSafeInteger(value) && (value as number) >= 0);
const anObject = only<Record<string, unknown>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);
const anArray = only<unknown[]>(Array.isArray);

/** One of a few texts or numbers. */
export const oneOf = <const T>(values: readonly T[]) => only<T>((value) => values.includes(value as T));
export const orNull =
  <T>(read: ReadJson<T>): ReadJson<T | null> =>
  (value) =>
    value === null ? null : read(value);

/** For a key that may be missing. */
export const maybe =
  <T>(read: ReadJson<T>): ReadJson<T | undefined> =>
  (value) =>
    value === undefined ? undefined : read(value);

/** For a key that older releases did not write. */
export const orElse =
  <T>(read: ReadJson<T>, missing: T): ReadJson<T> =>
  (value) =>
    value === undefined ? missing : read(value);

export const listOf =
  <T>(read: ReadJson<T>): ReadJson<T[]> =>
  (value) =>
    anArray(value).map(read);

export const byName =
  <T>(read: ReadJson<T>): ReadJson<Record<string, T>> =>
  (value) =>
    Object.fromEntries(Object.entries(anObject(value)).map(([name, one]) => [name, read(one)]));

/** Each key by a reader of its own. */
export const object =
  <T extends object>(fields: { [K in keyof T]-?: ReadJson<T[K]> }): ReadJson<T> =>
  (value) => {
    const given = anObject(value);
    const read: Partial<T> = {};
    for (const key in fields) {
      const one = fields[key](Object.hasOwn(given, key) ? given[key] : undefined);
      if (one !== undefined) read[key] = one;
    }
    return read as T;
  };
