import type { Rung } from '@hybrid-soak/contract/ladder.ts';
import { round } from '@hybrid-soak/contract/round.ts';
import { ladderFor } from '../ladder/rungs.ts';
import type { SoakOptions } from '../options.ts';
import type { Replayed } from '../replay.ts';
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
    ticks_lost_percent: framesLostPercent(numbers.time_per_rung_s, state.options),
  };
}

/** Percent of the trade frames that the rungs left out. At `sample_every` N a rung keeps one frame in N of those that were kept at the beginning. */
export function framesLostPercent(spent: Record<Rung, number>, { original_sample_every }: SoakOptions): number {
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
