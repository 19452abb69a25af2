import type { Rung } from '@hybrid-soak/contract/ladder.ts';
import { mapResources, type PerResource } from '../per-resource.ts';

/** How a soak ended. `exit_code` is one of SOAK_EXIT. */
export interface Ending {
  verdict: 'PASS' | 'FAIL' | 'INCONCLUSIVE' | 'INTERRUPTED';
  reason: string;
  exit_code: number;
}

/** Counts per percent from 0 to 100, in rows of ten: enough for percentiles, bounded for any length of run. */
export type Histogram = readonly (readonly number[])[];

/** Milliseconds of the run, by what was seen in them. */
export interface Totals {
  perRung: Record<Rung, number>;
  observed: number;
  blind: number;
  ambient: number;
  /** Pressure seen while running. */
  histogram: PerResource<Histogram>;
}

export const noTotals = (): Totals => ({
  perRung: { NORMAL: 0, THROTTLE1: 0, THROTTLE2: 0, THROTTLE3: 0 },
  observed: 0,
  blind: 0,
  ambient: 0,
  histogram: mapResources(() => Array.from({ length: 11 }, () => new Array<number>(10).fill(0))),
});
