const DECIMAL = /^\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/;
const INTEGER = /^\d{1,20}$/;
const OPAQUE = /^[0-9A-Za-z][0-9A-Za-z-]{0,63}$/;
const ISO = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;
const UNIX_SECONDS = /^(\d{9,11})(?:\.(\d{1,9}))?$/;
/** 2009-01-03, the first block, to 2100. */
const EARLIEST_MS = 1_230_940_800_000;
const LATEST_MS = 4_102_444_800_000;

/** A positive decimal, as a string or a JSON number; undefined for anything else (`"0.-10000"`, NaN, 1e400, zero). */
export function positiveDecimal(value: unknown): number | undefined {
  if (typeof value === 'string' && !DECIMAL.test(value)) return undefined;
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const number = Number(value);
  return number > 0 && Number.isFinite(number) ? number : undefined;
}

/** Exchange time in whole milliseconds inside the sane window; undefined outside. */
export function saneMillis(value: unknown): number | undefined {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) return undefined;
  return value >= EARLIEST_MS && value < LATEST_MS ? value : undefined;
}

/**
 * Milliseconds from an integer time in milliseconds, microseconds or nanoseconds, told by its number of digits: inside the
 * sane window each unit has its own. Nanoseconds come as text, since they exceed 2^53; an unsafe number is undefined.
 */
export function integerMillis(value: unknown): number | undefined {
  if (typeof value === 'number') return saneMillis(value < 1e14 ? value : Math.floor(value / 1000));
  if (typeof value !== 'string' || !INTEGER.test(value)) return undefined;
  if (value.length <= 14) return saneMillis(Number(value));
  return saneMillis(Number(value.slice(0, value.length <= 17 ? -3 : -6)));
}

/** Milliseconds from ISO 8601 with a zone and up to nine digits of seconds; what is finer than 1 ms is cut off. */
export function isoMillis(value: unknown): number | undefined {
  const parts = typeof value === 'string' && value.length <= 40 ? ISO.exec(value) : null;
  if (parts === null) return undefined;
  const [, seconds, fraction = '', zone] = parts;
  return saneMillis(Date.parse(`${seconds}.${fraction.slice(0, 3).padEnd(3, '0')}${zone}`));
}

/** Milliseconds from Unix seconds as decimal text (Kraken v1: `"1534614057.321597"`). */
export function secondsMillis(value: unknown): number | undefined {
  const parts = typeof value === 'string' ? UNIX_SECONDS.exec(value) : null;
  if (parts === null) return undefined;
  const [, seconds, fraction = ''] = parts;
  return saneMillis(Number(`${seconds}${fraction.slice(0, 3).padEnd(3, '0')}`));
}

/**
 * A trade id as text, without leading zeros. A number beyond 2^53 has lost its digits already and is undefined;
 * `parseExact` gives such ids as text.
 */
export function tradeId(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? String(value) : undefined;
  if (typeof value !== 'string' || !INTEGER.test(value)) return undefined;
  return value.startsWith('0') ? value.replace(/^0+(?=\d)/, '') : value;
}

/** A trade id without an order, such as a UUID, as text. */
export function opaqueId(value: unknown): string | undefined {
  return typeof value === 'string' && OPAQUE.test(value) ? value : tradeId(value);
}
