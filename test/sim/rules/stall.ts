import type { Trace } from '../drive.ts';
import { field, find, inSeconds, type Rule } from './rule.ts';

/** What a row needs to be seen: a commit, a look, a supervisor that is late. */
const SEEN_MS = 7000;

/** A time without a committed row, ms of the run. */
interface Gap {
  from: number;
  to: number;
}

function gapsOf({ seconds }: Trace): Gap[] {
  const gaps: Gap[] = [];
  let from = 0;
  let rows = 0;
  for (const second of seconds) {
    if (second.rows <= rows) continue;
    gaps.push({ from, to: second.at });
    from = second.at;
    rows = second.rows;
  }
  gaps.push({ from, to: Number.POSITIVE_INFINITY });
  return gaps;
}

/** One STALL a stall, and none before its time. */
const stallsAreReal: Rule = (trace) => {
  const { stall_threshold_s } = trace.scenario.options.parameters;
  const gaps = gapsOf(trace);
  const counted = new Map<Gap, number>();
  // Rows that could not be read count as none: the clock runs on.
  const unread = (at: number) =>
    trace.scenario.troubles.some((t) => t.kind === 'no-progress' && at >= t.at * 1000 && at < t.until * 1000 + SEEN_MS);
  return find(trace.entries, ({ at, records }) => {
    for (const record of records) {
      if (record.action !== 'STALL' || unread(at)) continue;
      // A look that did not see the rows of the last second yet may still be in the gap before.
      const gap = gaps.find(({ from, to }) => at > from && at <= to + SEEN_MS);
      if (gap === undefined) return `a STALL at ${at} while rows came`;
      const lasted = at - gap.from;
      if (lasted < stall_threshold_s * 1000 - SEEN_MS)
        return `a STALL at ${at}, ${inSeconds(lasted)} after the last row`;
      if (Number(field(record, 'seconds_since_progress')) < stall_threshold_s - 0.1)
        return `a STALL by its own word ${field(record, 'seconds_since_progress')} s after the last row at ${at}`;
      const count = (counted.get(gap) ?? 0) + 1;
      if (count > 1) return `${count} STALL records for one stall at ${at}`;
      counted.set(gap, count);
    }
    return null;
  });
};

/** An engine that stands still while the supervisor can see it. */
const freezesAreFound: Rule = (trace) => {
  const { scenario, seconds, entries } = trace;
  const { stall_threshold_s, stall_grace_s, starved_stretch } = scenario.options.parameters;
  if (scenario.delays.late_ms > 0) return null;
  const blind = (second: number) =>
    scenario.troubles.some(
      ({ kind, at, until }) =>
        ['late', 'paused', 'no-progress', 'stopped'].includes(kind) && second >= at && second < until + 60,
    );
  const stalls = entries.filter(({ records }) =>
    records.some(({ action }) => action === 'STALL' || action === 'ABORT'),
  );
  const running = entries.find(({ phase }) => phase === 'running')?.at ?? Number.POSITIVE_INFINITY;
  const ended = entries.find((entry) => entry.ended)?.at ?? Number.POSITIVE_INFINITY;
  const longest = (stall_threshold_s * starved_stretch + stall_grace_s) * 1000 + 15_000;
  let lastRow = 0;
  let rows = 0;
  return find(seconds, ({ at, rows: now, stuckSince }) => {
    if (now > rows || blind(at / 1000)) {
      rows = now;
      lastRow = at;
    }
    if (stuckSince === null || at > ended) return null;
    const since = Math.max(lastRow, running, stuckSince);
    if (at - since < longest || stalls.some((entry) => entry.at > lastRow && entry.at <= at)) return null;
    return `stuck for ${inSeconds(at - since)} without a STALL at ${at}`;
  });
};

/** The end comes when that many restarts in a row have brought nothing, not before and not after. */
const streaksEnd: Rule = ({ scenario, entries }) => {
  const { max_stall_restarts } = scenario.options.parameters;
  let inARow = 0;
  return find(entries, ({ at, newRows, records }) => {
    if (newRows > 0) inARow = 0;
    for (const record of records) {
      const isStall = record.action === 'ENGINE_RESTART' && field(record, 'stall_streak') !== undefined;
      if (isStall && ++inARow > max_stall_restarts) return `${inARow} stall restarts in a row at ${at}`;
      const early = record.action === 'ABORT' && field(record, 'cause') === 'stall' && inARow < max_stall_restarts;
      if (early) return `ABORT after ${inARow} stall restarts in a row at ${at}`;
    }
    return null;
  });
};

export const STALL_RULES: Record<string, Rule> = {
  'a STALL is a real stall, counted once': stallsAreReal,
  'an engine that stands still is found': freezesAreFound,
  'stall restarts in a row end the soak, neither early nor late': streaksEnd,
};
