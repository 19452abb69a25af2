import type { Rung } from '@hybrid-soak/contract/ladder.ts';
import { RESOURCES, type Resource } from '@hybrid-soak/contract/psi.ts';
import type { Ending } from './decision.ts';
import type { Effect } from './effect.ts';
import type { SoakOptions } from './options.ts';
import { type LadderStep, ladderFor } from './rungs.ts';
import type { Sighting } from './window.ts';

export type Phase = 'begin' | 'stopping' | 'calibrating' | 'starting' | 'running' | 'restoring' | 'done';
export type PerResource<T> = Record<Resource, T>;
/** Counts per percent from 0 to 100, in rows of ten: enough for percentiles, bounded for any length of run. */
export type Histogram = readonly (readonly number[])[];

/**
 * Everything a soak remembers from one observation to the next. Plain data: `step` copies it and replaces what changes.
 * Times are monotonic milliseconds; null means "not so".
 */
export interface State {
  options: SoakOptions;
  phase: Phase;
  seq: number;
  nextEffectId: number;
  /** The effect under way; at most one. */
  pending: Effect | null;
  /** When the effect under way was begun. */
  pendingSince: number;
  startedAt: number;
  /** The step's own clock: follows the observations' and never goes back. */
  now: number;
  /** When the engine was first under way. */
  runningSince: number | null;
  /** `mono_ms` of the observation before; null at the first. */
  lastSeen: number | null;
  rung: Rung;
  /** This run's rungs, calm end first, with what each writes. */
  ladder: readonly LadderStep[];
  /** The rung that `logonly` would be at; the same as `rung` when acting. */
  wouldBe: Rung;
  sampleEvery: number;
  /** What a rung change that failed goes back to. */
  beforeRung: { rung: Rung; sampleEvery: number } | null;
  /** The counters of the last observations, as many as the window needs. */
  seen: readonly Sighting[];
  /** Median pressure without the engine; null for a resource that could not be read. */
  baseline: PerResource<number | null> | null;
  calibration: PerResource<number[]>;
  phaseSince: number;
  overSince: PerResource<number | null>;
  calmSince: number | null;
  lastRungChange: number | null;
  lastRecovery: number | null;
  recoverHoldMs: number;
  /** Since when a recovery has stayed quiet, or the hold was last halved; null from an escalation to its recovery. */
  quietMark: number | null;
  /** What the last escalation is measured by: the engine's CPU use, or the pressure where that is unreadable. */
  effectBefore: { engineCpu: number | null; resource: Resource; pressure: number | null } | null;
  /** Whether the last escalation lowered it; null until its cooldown is over. */
  effective: boolean | null;
  /** Whose pressure it was when that was last readable; null where it never was. */
  lastWhose: 'engine' | 'ambient' | 'quota' | null;
  /** Exit code 13 was seen and its rung is still owed. */
  overload: boolean;
  atTopSince: number | null;
  overInARow: number;
  /** When restarts were asked for, the last hour's; and those that `logonly` would have asked for. */
  restarts: number[];
  wouldRestarts: number[];
  /** Attempts of the effect that a phase waits for: the first start, the restoring. */
  attempts: number;
  restartCount: number;
  lastProgress: number | null;
  /** Until then a stall does not restart the engine, and its own counters are those of its start-up. */
  graceUntil: number;
  /** Since when start-up graces have kept the next act on a stall back; null where none does. */
  stallHeldSince: number | null;
  stallStreak: number;
  stalls: number;
  /** A STALL is written whose restart is still owed. */
  stallOpen: boolean;
  /** The heartbeat's last value, and when it last moved: wall time may jump, movement does not lie. */
  heartbeat: { pid: number; flush: number; movedAt: number } | null;
  /** Since when the unit has been between two states, by whomever; null while it is settled. */
  changingSince: number | null;
  quietLogged: boolean;
  starvedLogged: boolean;
  lastHold: string | null;
  unavailable: PerResource<string | null>;
  progressWhy: string | null;
  ticksStart: number | null;
  ticksCount: number;
  lastTickTs: number | null;
  invocation: string | null;
  nRestarts: number;
  exitSeenFor: string | null;
  crashes: number;
  ending: Ending | null;
  timePerRung: Record<Rung, number>;
  msObserved: number;
  msBlind: number;
  msAmbient: number;
  /** Pressure seen while running. */
  histogram: PerResource<Histogram>;
}

export const perResource = <T>(make: () => T): PerResource<T> =>
  Object.fromEntries(RESOURCES.map((resource) => [resource, make()])) as PerResource<T>;

/** The state before the first observation. */
export function begin(options: SoakOptions): State {
  const ladder = ladderFor(options.original_sample_every);
  const found = options.original_sample_every ?? 1;
  const rung = ladder.find((step) => step.sample_every === found)?.rung ?? 'NORMAL';
  return {
    options,
    phase: 'begin',
    seq: 0,
    nextEffectId: 1,
    pending: null,
    pendingSince: 0,
    startedAt: 0,
    now: 0,
    runningSince: null,
    lastSeen: null,
    rung,
    ladder,
    wouldBe: rung,
    sampleEvery: found,
    beforeRung: null,
    seen: [],
    baseline: null,
    calibration: perResource(() => []),
    phaseSince: 0,
    ...noPolicyMemory(options),
    ...noStallMemory(),
    unavailable: perResource(() => null),
    progressWhy: null,
    invocation: null,
    nRestarts: 0,
    exitSeenFor: null,
    crashes: 0,
    ending: null,
    ...noTotals(),
  };
}

const noPolicyMemory = (options: SoakOptions) => ({
  overSince: perResource(() => null),
  calmSince: null,
  lastRungChange: null,
  lastRecovery: null,
  recoverHoldMs: options.parameters.recover_hold_s * 1000,
  quietMark: null,
  effectBefore: null,
  effective: null,
  lastWhose: null,
  overload: false,
  atTopSince: null,
  overInARow: 0,
  restarts: [],
  wouldRestarts: [],
  attempts: 0,
  restartCount: 0,
  lastHold: null,
});

const noStallMemory = () => ({
  lastProgress: null,
  graceUntil: 0,
  stallHeldSince: null,
  stallStreak: 0,
  stalls: 0,
  stallOpen: false,
  heartbeat: null,
  changingSince: null,
  quietLogged: false,
  starvedLogged: false,
  ticksStart: null,
  ticksCount: 0,
  lastTickTs: null,
});

const noTotals = () => ({
  timePerRung: { NORMAL: 0, THROTTLE1: 0, THROTTLE2: 0, THROTTLE3: 0 },
  msObserved: 0,
  msBlind: 0,
  msAmbient: 0,
  histogram: perResource<Histogram>(() => Array.from({ length: 11 }, () => new Array<number>(10).fill(0))),
});
