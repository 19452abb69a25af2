import type { Rung } from '@hybrid-soak/contract/ladder.ts';
import type { SoakOptions } from '../options.ts';
import { type LadderStep, ladderFor } from './rungs.ts';
import type { Use } from './use.ts';

export interface LadderMemory {
  /** This run's rungs, calm end first, with what each writes, and which of them was found. */
  steps: readonly LadderStep[];
  found: number;
  rung: Rung;
  /** The rung that `logonly` would be at; the same as `rung` when acting. */
  wouldBe: Rung;
  sampleEvery: number;
  /** What a rung change that failed goes back to. */
  before: { rung: Rung; sampleEvery: number } | null;
  lastChange: number | null;
  /** Since when the last rung change has been in force; null before the first. */
  inForceSince: number | 'awaited' | null;
  lastRecovery: number | null;
  recoverHoldMs: number;
  /** For each step: since when every limit would be kept on it. */
  goodSince: readonly (number | null)[];
  /** The engine's CPU time and frames of the last half minute. */
  use: readonly Use[];
  /** The climb that is being measured: CPU time a received frame before it, and the share of frames that was kept. */
  measuring: { rung: Rung; before: number; keptBefore: number } | null;
  /** CPU microseconds a received frame that no rung saves, as last measured. */
  receiveUsec: number | null;
  /** CPU microseconds a received frame that each rung saved, as last measured. */
  effects: Partial<Record<Rung, number>>;
  /** Exit code 13 was seen and its rung is still owed; when it was last seen; when at the last rung. */
  overload: boolean;
  lastOverload: number | null;
  overloadsAtTop: readonly number[];
  /** When the ladder was last over a limit at its last rung: THROTTLE_MAX is one record a spell. */
  topAt: number | null;
  /** Classic: observations over a limit in a row. */
  overInARow: number;
  /** When recoveries and stall restarts were asked for, the last hour's; and those that `logonly` would have asked for. */
  spent: readonly number[];
  wouldSpend: readonly number[];
  restartCount: number;
}

export function firstLadder({ original_sample_every, parameters }: SoakOptions): LadderMemory {
  const steps = ladderFor(original_sample_every);
  const sampleEvery = original_sample_every ?? 1;
  const found = Math.max(
    0,
    steps.findIndex((step) => step.sample_every === sampleEvery),
  );
  const rung = steps[found]?.rung ?? 'NORMAL';
  return {
    steps,
    found,
    rung,
    wouldBe: rung,
    sampleEvery,
    before: null,
    lastChange: null,
    inForceSince: null,
    lastRecovery: null,
    recoverHoldMs: parameters.recover_hold_s * 1000,
    goodSince: steps.map(() => null),
    use: [],
    measuring: null,
    receiveUsec: null,
    effects: {},
    overload: false,
    lastOverload: null,
    overloadsAtTop: [],
    topAt: null,
    overInARow: 0,
    spent: [],
    wouldSpend: [],
    restartCount: 0,
  };
}
