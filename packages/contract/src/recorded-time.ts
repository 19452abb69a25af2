/** 2009-01-03, the first block, to 2100, in milliseconds. */
const EARLIEST_MS = 1_230_940_800_000;
const LATEST_MS = 4_102_444_800_000;
const NUMBER = /^\d{9,19}(?:\.\d+)?$/;
const ISO = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?\s?(Z|UTC|[+-]\d\d:?\d\d)?$/;

/**
 * A time as recorders write it, in whole milliseconds: Unix seconds, milliseconds, microseconds or nanoseconds, as a number or
 * as text, or ISO 8601, which without a zone is UTC. Inside the sane window each unit has its own number of digits. Null for
 * anything else, also for a time before 2009 or after 2100.
 */
export function recordedTime(value: unknown): number | null {
  const text = typeof value === 'number' && value < 1e21 ? String(value) : value;
  if (typeof text !== 'string') return null;
  const ms = NUMBER.test(text) ? ofNumber(text) : ofIso(text);
  return ms >= EARLIEST_MS && ms < LATEST_MS ? ms : null;
}

function ofNumber(text: string): number {
  const [whole = '', fraction = ''] = text.split('.');
  if (whole.length <= 11) return Number(whole + fraction.slice(0, 3).padEnd(3, '0'));
  if (whole.length <= 14) return Number(whole);
  return Number(whole.slice(0, whole.length <= 17 ? -3 : -6));
}

function ofIso(text: string): number {
  const [, day, time, fraction = '', zone = 'Z'] = ISO.exec(text) ?? [];
  return Date.parse(`${day}T${time}.${fraction.slice(0, 3).padEnd(3, '0')}${zone === 'UTC' ? 'Z' : zone}`);
}
