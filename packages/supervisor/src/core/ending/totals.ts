import type { VERDICTS } from '@hybrid-soak/contract/decision-fields.ts';
import type { Rung } from '@hybrid-soak/contract/ladder.ts';
import { TIME_CLASSES, type TimeClass } from '@hybrid-soak/contract/time-classes.ts';
import { mapResources, type PerResource } from '../per-resource.ts';
import { noTally, type Tally } from './tally.ts';

/** How a soak ended. `exit_code` is one of SOAK_EXIT. */
export interface Ending {
  verdict: (typeof VERDICTS)[number];
  reason: string;
  exit_code: number;
}

/** Counts per percent from 0 to 100, in rows of ten: enough for percentiles, bounded for any length of run. */
export type Histogram = readonly (readonly number[])[];

/** Counters of the engine's lives together; each life counts from its own start. */
export interface LifeCounts {
  life: string | null;
  dropped: number;
  missing: number;
  trades: number;
  duplicates: number;
  failovers: number;
  reconnects: number;
  connectedMs: number;
}

/** Milliseconds of the run since the engine's first start, by what was seen in them. */
export interface Totals {
  perRung: Record<Rung, number>;
  classes: Record<TimeClass, number>;
  observed: number;
  /** With the pressure over a limit and the engine's part below it. */
  ambient: number;
  /** Pressure seen while running, and what is left of it without the engine's part. */
  histogram: PerResource<Histogram>;
  others: PerResource<Histogram>;
  /** Of the present life, as last seen; and of all, counted from the soak's first look. */
  counted: LifeCounts;
  sum: Omit<LifeCounts, 'life'>;
  /** Every source is down, or no trade has come since: what is missing by then went by in the outage. */
  away: boolean;
  /** Of the missing trades, those that went by while every source was down. */
  missedAway: number;
  vitals: boolean;
  gapsOpen: number;
  /** By source, and by source and market; of the present life as last seen, and of all. */
  sources: Tally;
  gaps: Tally;
  commitP99Ms: number | null;
  /** Frames and trades in no counter: of the present life, and of those before it. */
  unaccounted: number;
  unaccountedBefore: number;
  /** Lives of the engine that were seen. */
  lives: number;
  /** Since when the engine has sampled by something else than the rung says, and the longest that it did, ms. */
  rungOffSince: number | null;
  rungOffMs: number;
  /** The rung of the last change, if that failed and the engine has not sampled by it since. */
  rungFailed: Rung | null;
}

const emptyHistogram = (): Histogram => Array.from({ length: 11 }, () => new Array<number>(10).fill(0));

const noCounts = () => ({
  dropped: 0,
  missing: 0,
  trades: 0,
  duplicates: 0,
  failovers: 0,
  reconnects: 0,
  connectedMs: 0,
});

export const noTotals = (): Totals => ({
  perRung: { NORMAL: 0, THROTTLE1: 0, THROTTLE2: 0, THROTTLE3: 0 },
  classes: Object.fromEntries(TIME_CLASSES.map((name) => [name, 0])) as Record<TimeClass, number>,
  observed: 0,
  ambient: 0,
  histogram: mapResources(emptyHistogram),
  others: mapResources(emptyHistogram),
  counted: { life: null, ...noCounts() },
  sum: noCounts(),
  away: false,
  missedAway: 0,
  gapsOpen: 0,
  sources: noTally,
  gaps: noTally,
  vitals: false,
  commitP99Ms: null,
  unaccounted: 0,
  unaccountedBefore: 0,
  lives: 0,
  rungOffSince: null,
  rungOffMs: 0,
  rungFailed: null,
});

/** Percent of the trades of the time connected; null if none is known of. */
export function coverageOf({ sum, missedAway, vitals }: Totals): number | null {
  const missing = sum.missing - missedAway;
  if (!vitals || sum.trades + missing <= 0) return null;
  return (100 * sum.trades) / (sum.trades + missing);
}
