export type JsonObject = Record<string, unknown>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The entries of an array that are objects; none if it is not an array. */
export const objectsOf = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** JSON, or undefined if the text is not JSON. An integer beyond 2^53 has lost its last digits. */
export function parseJson(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    return undefined;
  }
}

/**
 * JSON whose integers beyond 2^53 are text, digit for digit (https://github.com/tc39/proposal-json-parse-with-source); or
 * undefined. Several times slower than `parseJson`, so only for the frames that need it.
 */
export function parseExact(raw: string): unknown {
  try {
    return JSON.parse(raw, keepDigits as (key: string, value: unknown) => unknown);
  } catch {
    return undefined;
  }
}

function keepDigits(_key: string, value: unknown, context: { source?: string }): unknown {
  const exact = typeof value !== 'number' || !Number.isInteger(value) || Number.isSafeInteger(value);
  return exact || context.source === undefined || /[.eE]/.test(context.source) ? value : context.source;
}
