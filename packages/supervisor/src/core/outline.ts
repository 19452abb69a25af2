import type { Rung } from '@hybrid-soak/contract/ladder.ts';
import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import { avg10Of, type LogRecord, stampMs } from '../replay/log-observations.ts';
import type { SoakOptions } from './options.ts';
import type { Replayed } from './replay.ts';
import { ladderFor } from './rungs.ts';
import { summary } from './summary.ts';

/** A run in the numbers that two runs are compared by; null where the recording does not tell. */
export interface Outline {
  policy: string;
  verdict: string;
  reason: string;
  aborted: boolean;
  duration_s: number;
  restarts: number;
  stalls: number;
  time_per_rung_s: Record<Rung, number>;
  /** Percent of the trade frames that the rungs kept back. */
  ticks_lost_percent: number;
  ticks: number | null;
  /** Percent of wall time in which tasks waited. */
  pressure: Record<string, { p50: number; p95: number; p99: number } | null>;
}

/** The outline of a run that was judged again. `rowsKnown`: whether the recording tells of rows. */
export function outlineOf(
  { state, decisions, ending }: Replayed,
  rowsKnown: boolean,
): Outline & Record<string, unknown> {
  const numbers = summary(state, ending) as unknown as Outline;
  return {
    ...numbers,
    policy: state.options.policy,
    reason: ending.reason,
    ...(rowsKnown ? {} : { ticks: null, ticks_per_second: null }),
    aborted: decisions.some(({ action }) => action === 'ABORT'),
    ticks_lost_percent: lost(numbers.time_per_rung_s, state.options),
  };
}

const VERDICTS: Record<string, string> = { ABORT: 'FAIL', CONFIG_ERROR: 'FAIL', STOP: 'INTERRUPTED', COMPLETE: 'PASS' };

/** The outline of what was recorded, from its decisions alone; the earlier tool's logs have no SUMMARY to take it from. */
export function outlineOfLog(records: readonly LogRecord[], options: SoakOptions): Outline {
  const end = records.findLast(({ action }) => action in VERDICTS);
  const said = (records.findLast(({ action }) => action === 'SUMMARY') ?? {}) as Partial<Outline> & { reason?: string };
  const times = records.map(({ timestamp }) => stampMs(timestamp));
  const time_per_rung_s = said.time_per_rung_s ?? timePerRung(records, times);
  const of = (action: string) => records.filter((record) => record.action === action).length;
  const verdict = said.verdict ?? VERDICTS[end?.action ?? ''] ?? 'unknown';
  return {
    policy: records[0]?.policy ?? 'earlier tool',
    verdict,
    reason: said.reason?.replace(`${verdict}: `, '') ?? end?.reason ?? 'the log ends here',
    aborted: of('ABORT') > 0,
    duration_s: said.duration_s ?? round(((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1000),
    restarts: said.restarts ?? of('ENGINE_RESTART'),
    stalls: said.stalls ?? of('STALL'),
    time_per_rung_s,
    ticks_lost_percent: lost(time_per_rung_s, options),
    ticks: said.ticks ?? null,
    pressure: said.pressure ?? pressureOf(records),
  };
}

function timePerRung(records: readonly LogRecord[], times: number[]): Record<Rung, number> {
  const spent = { NORMAL: 0, THROTTLE1: 0, THROTTLE2: 0, THROTTLE3: 0 };
  for (const [i, { state }] of records.entries()) {
    const until = times[i + 1];
    if (state !== undefined && state in spent && until !== undefined)
      spent[state] += (until - (times[i] as number)) / 1000;
  }
  for (const rung of Object.keys(spent) as Rung[]) spent[rung] = round(spent[rung]);
  return spent;
}

/** At `sample_every` N a rung keeps one frame in N of those that were kept at the beginning. */
function lost(spent: Record<Rung, number>, { original_sample_every }: SoakOptions): number {
  const ladder = ladderFor(original_sample_every);
  const found = original_sample_every ?? 1;
  let all = 0;
  let kept = 0;
  for (const { rung, sample_every } of ladder) {
    all += spent[rung];
    kept += (spent[rung] * Math.min(found, sample_every)) / sample_every;
  }
  return all > 0 ? round((1 - kept / all) * 100) : 0;
}

function pressureOf(records: readonly LogRecord[]): Outline['pressure'] {
  return Object.fromEntries(
    RESOURCES.map((resource) => {
      const seen = records.map((record) => avg10Of(record, resource)).filter((value) => value !== null);
      const sorted = seen.sort((a, b) => a - b);
      const at = (share: number) => Math.round(sorted[Math.ceil(sorted.length * share) - 1] as number);
      return [resource, sorted.length === 0 ? null : { p50: at(0.5), p95: at(0.95), p99: at(0.99) }];
    }),
  );
}

const round = (value: number) => Math.round(value * 10) / 10;
