import type { Drift } from '@hybrid-soak/contract/drift.ts';
import {
  DRIFT_SIGNALS,
  type DriftSignal,
  LEAST_POINTS,
  SLOPE_UNITS,
  warmUpOf,
} from '@hybrid-soak/contract/drift-signals.ts';
import { withoutSteps } from '@hybrid-soak/contract/drift-steps.ts';
import type { State } from '../state.ts';
import type { Piece } from './memory.ts';
import { pooledSlope, type Slope } from './slope.ts';
import { windowMs } from './track.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** With fewer in one piece there is no interval. */
const ENOUGH_POINTS = 6;
/** What a user can limit the slope of. */
const IS_MEMORY: readonly DriftSignal[] = ['heap', 'private_memory'];

/** The slopes of a soak so far. Nothing is random here: the same observations give the same slopes. */
export function driftOf(state: State): Drift[] {
  return DRIFT_SIGNALS.flatMap((signal) => {
    const pieces = state.drift.pieces.filter((piece) => piece.signal === signal);
    return pieces.length === 0 ? [] : [judged(state, signal, pieces)];
  });
}

function judged(state: State, signal: DriftSignal, pieces: readonly Piece[]): Drift {
  const found = slopeOf(pieces, warmUpMs(state) / HOUR_MS);
  const unit = SLOPE_UNITS[signal];
  const threshold = IS_MEMORY.includes(signal)
    ? (state.options.thresholds.max_memory_growth_mib_per_hour ?? null)
    : null;
  if (found === null) {
    const none = { slope: null, low: null, high: null, points: 0, drift: false, limit_in_h: null };
    return { signal, unit, ...none, threshold, text: tooLittle(state, signal, pieces) };
  }
  const { value, low, high, points } = found;
  const grows = low > 0;
  const limit_in_h = grows ? hoursToLimit(state, signal, value) : null;
  const passed = threshold !== null && value > threshold;
  const isNear = limit_in_h !== null && limit_in_h < horizonHours(state, signal);
  const text = `${signed(value)} ${unit} (${digits(low)} .. ${digits(high)})`;
  return {
    signal,
    unit,
    slope: value,
    low,
    high,
    points,
    drift: grows && (passed || isNear),
    threshold,
    limit_in_h,
    text,
  };
}

/** Pieces after the warm-up of their life, cut where the level jumps. */
export function slopeOf(pieces: readonly Piece[], warmUpHours: number): Slope | null {
  const warm = pieces
    .map(({ points }) => points.filter(({ age }) => age >= warmUpHours))
    .filter(({ length }) => length >= LEAST_POINTS);
  return pooledSlope(warm.flatMap((points) => withoutSteps(points)));
}

/** At the start of every life. */
const warmUpMs = ({ options, drift }: State): number => warmUpOf(drift.floorEveryMs, options.duration_s);

/** What is older than the retention makes room again: a disk that would be full later than that never is. */
function horizonHours({ options }: State, signal: DriftSignal): number {
  const days = options.parameters.drift_horizon_days;
  const retained = signal === 'database' ? (options.retain_days ?? 0) : 0;
  return 24 * (retained > 0 ? Math.min(days, retained) : days);
}

function hoursToLimit(state: State, signal: DriftSignal, slope: number): number | null {
  const left = state.drift.left[signal];
  if (left === undefined) return null;
  if (signal !== 'database') return left / slope;
  const { stall, totals } = state;
  const rows = stall.ticksStart === null ? 0 : stall.ticksCount - stall.ticksStart;
  return rows > 0 ? left / slope / (rows / (totals.observed / HOUR_MS)) : null;
}

function tooLittle(state: State, signal: DriftSignal, pieces: readonly Piece[]): string {
  const everyMs = IS_MEMORY.includes(signal) ? state.drift.floorEveryMs : windowMs(state.drift);
  const warm = warmUpMs(state);
  const last = pieces.at(-1)?.points ?? [];
  const used = last.filter(({ age }) => age * HOUR_MS >= warm).length;
  const warming = Math.max(0, warm - (last.at(-1)?.age ?? 0) * HOUR_MS);
  const moreMs = Math.max(1, ENOUGH_POINTS - used) * everyMs + (used === 0 ? warming : 0);
  const more = moreMs < MINUTE_MS ? `${Math.ceil(moreMs / 1000)} s` : `${Math.ceil(moreMs / MINUTE_MS)} min`;
  return `not enough to tell: at least ${more} more`;
}

const digits = (value: number): string => {
  const size = Math.abs(value);
  return size >= 100 ? value.toFixed(0) : size >= 0.095 || size === 0 ? value.toFixed(1) : value.toPrecision(1);
};
const signed = (value: number): string => (value > 0 ? `+${digits(value)}` : digits(value));
