import type { Rung } from '@hybrid-soak/contract/ladder.ts';
import type { Resource } from '@hybrid-soak/contract/psi.ts';
import type { SoakOptions } from '../options.ts';
import { type LadderStep, ladderFor } from './rungs.ts';

export interface LadderMemory {
  /** This run's rungs, calm end first, with what each writes. */
  steps: readonly LadderStep[];
  rung: Rung;
  /** The rung that `logonly` would be at; the same as `rung` when acting. */
  wouldBe: Rung;
  sampleEvery: number;
  /** What a rung change that failed goes back to. */
  before: { rung: Rung; sampleEvery: number } | null;
  lastChange: number | null;
  lastRecovery: number | null;
  recoverHoldMs: number;
  /** Start of the current quiet period after a recovery; reset when the hold is halved, null from an escalation on. */
  quietMark: number | null;
  /** What the last escalation is measured by: the engine's CPU use, or the pressure if that is unreadable. */
  effectBefore: { engineCpu: number | null; resource: Resource; pressure: number | null } | null;
  /** Whether the last escalation lowered it; null until its cooldown is over. */
  effective: boolean | null;
  /** Whose pressure it was when that was last readable; null if it never was. */
  lastWhose: 'engine' | 'ambient' | 'quota' | null;
  /** Exit code 13 was seen and its rung is still owed. */
  overload: boolean;
  atTopSince: number | null;
  /** Classic: observations over a limit in a row at the last rung. */
  overInARow: number;
  /** When restarts were asked for, the last hour's; and those that `logonly` would have asked for. */
  restarts: readonly number[];
  wouldRestarts: readonly number[];
  restartCount: number;
}

export function firstLadder({ original_sample_every, parameters }: SoakOptions): LadderMemory {
  const steps = ladderFor(original_sample_every);
  const sampleEvery = original_sample_every ?? 1;
  const rung = steps.find((step) => step.sample_every === sampleEvery)?.rung ?? 'NORMAL';
  return {
    steps,
    rung,
    wouldBe: rung,
    sampleEvery,
    before: null,
    lastChange: null,
    lastRecovery: null,
    recoverHoldMs: parameters.recover_hold_s * 1000,
    quietMark: null,
    effectBefore: null,
    effective: null,
    lastWhose: null,
    overload: false,
    atTopSince: null,
    overInARow: 0,
    restarts: [],
    wouldRestarts: [],
    restartCount: 0,
  };
}
