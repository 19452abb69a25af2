import { parseDuration } from '@hybrid-soak/contract/duration.ts';

const DAY = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d))?)?$/;
const STAMP = /^(\d{4}-\d\d-\d\d)[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)? ?(?:[zZ]|[+-]\d\d:?\d\d)$/;
const CLOCK = /^(\d\d?):(\d\d)(?::(\d\d))?$/;

/**
 * A moment as journalctl(1) takes it, ms since the epoch: `2h`, `-2h` or `2h ago`, `09:00` (today), `yesterday`, `2026-11-26`,
 * `2026-11-26 09:00`, or an ISO stamp with its zone; in local time, or UTC. Undefined for anything else.
 */
export function parseMoment(text: string, now: number, utc: boolean): number | undefined {
  const word = text.trim().toLowerCase();
  const ago = parseDuration(word.replace(/^-|\s+ago$/g, ''));
  if (ago !== undefined) return now - ago * 1000;
  const at = (year: number, month: number, day: number, h = 0, m = 0, s = 0) =>
    utc ? Date.UTC(year, month, day, h, m, s) : new Date(year, month, day, h, m, s).getTime();
  const today = new Date(now);
  const [year, month, day] = utc
    ? [today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate()]
    : [today.getFullYear(), today.getMonth(), today.getDate()];
  if (word === 'now') return now;
  if (word === 'today') return at(year, month, day);
  if (word === 'yesterday') return at(year, month, day - 1);
  if (word === 'tomorrow') return at(year, month, day + 1);
  const clock = CLOCK.exec(word)?.slice(1).map(Number);
  if (clock !== undefined) return isTime(clock) ? at(year, month, day, clock[0], clock[1], clock[2] || 0) : undefined;
  const full = DAY.exec(text.trim())?.slice(1).map(Number);
  if (full === undefined) {
    const [stamp, date] = STAMP.exec(text.trim()) ?? [];
    const parsed = stamp === undefined || !isDay(date) ? Number.NaN : Date.parse(stamp);
    return Number.isNaN(parsed) ? undefined : parsed;
  }
  const [y = 0, mo = 0, d = 0, ...time] = full;
  const known = time.map((n) => n || 0);
  return isDay(text.trim().slice(0, 10)) && isTime(known) ? at(y, mo - 1, d, known[0], known[1], known[2]) : undefined;
}

/** Whether the calendar has that `2026-11-26`. */
function isDay(date = ''): boolean {
  const at = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(date);
}

const isTime = ([h = 0, m = 0, s = 0]: number[]) => h < 24 && m < 60 && (s || 0) < 60;
