import { find, seconds } from './changes.ts';
import type { Entry, Trace } from './drive.ts';
import type { Invariant } from './invariants.ts';

/** A supervisor that is kept from running looks this much later, ms. */
const LATE_MS = 65_000;

const isStallRestart = (record: Entry['records'][number]) =>
  record.action === 'ENGINE_RESTART' && record.reason === 'stall';
const isRelieved = ({ newRows, ended, alive }: Entry) => newRows > 0 || ended || alive;

/** A STALL is followed by its restart or by the end as soon as there can be one, however often the engine is restarted. */
function stallsAreActedOn({ scenario, entries }: Trace): string | null {
  const { stall_threshold_s, stall_grace_s } = scenario.options.parameters;
  const within = (stall_threshold_s + stall_grace_s) * 1000 + LATE_MS;
  let before = 0;
  let starved = false;
  let waited: number | null = null;
  return find(entries, (entry) => {
    const { at, records, effects, said, changing, newRows } = entry;
    // Said once: from there on an engine that starves may take a STALL back until there is progress.
    starved = (starved && newRows <= 0) || records.some(({ action }) => action === 'STARVED');
    // A restart waits for one that is under way, whosever it is.
    if (waited !== null && said !== null && !changing) waited += at - before;
    before = at;
    if (records.some(({ action }) => action === 'STALL')) waited ??= 0;
    if (starved || isRelieved(entry) || records.some(isStallRestart)) waited = null;
    if (waited === null) return null;
    if (effects.some(({ kind }) => kind === 'set-rung')) return `a rung change ahead of a stall's restart at ${at}`;
    return waited > within ? `a stall without a restart for ${seconds(waited)} at ${at}` : null;
  });
}

/** The end comes when that many restarts in a row have brought nothing, not before and not after. */
function streaksEnd({ scenario, entries }: Trace): string | null {
  const { max_stall_restarts } = scenario.options.parameters;
  let inARow = 0;
  return find(entries, ({ at, newRows, records }) => {
    if (newRows > 0) inARow = 0;
    for (const record of records) {
      if (isStallRestart(record) && ++inARow > max_stall_restarts) return `${inARow} stall restarts in a row at ${at}`;
      const early = record.action === 'ABORT' && /in a row/.test(record.reason ?? '') && inARow < max_stall_restarts;
      if (early) return `ABORT after ${inARow} stall restarts in a row at ${at}`;
    }
    return null;
  });
}

/** A quiet market and a starved engine put a stall off up to their limits and no longer, whatever the heartbeat says. */
function noRowsEndInAStall({ scenario, entries }: Trace): string | null {
  const p = scenario.options.parameters;
  const longest = Math.max(p.quiet_limit_s, p.stall_threshold_s * p.starved_stretch) + p.stall_grace_s;
  let since: number | null = null;
  let said = false;
  return find(entries, ({ at, phase, newRows, records, ended }) => {
    if (newRows > 0 || phase !== 'running') since = null;
    if (since === null) said = false;
    since ??= at;
    said ||= ended || records.some(({ action }) => action === 'STALL');
    const late = !said && at - since > longest * 1000 + LATE_MS;
    return late ? `no row for ${seconds(at - since)} without a STALL at ${at}` : null;
  });
}

export const STALL_INVARIANTS: Record<string, Invariant> = {
  'a stall is acted on before any rung': stallsAreActedOn,
  'stall restarts in a row end the soak, neither early nor late': streaksEnd,
  'no rows are a stall in the end': noRowsEndInAStall,
};
