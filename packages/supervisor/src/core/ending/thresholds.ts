import type { SoakThresholds } from '@hybrid-soak/contract/policy.ts';
import { round } from '@hybrid-soak/contract/round.ts';
import { driftOf } from '../drift/judge.ts';
import type { State } from '../state.ts';
import { coverageOf } from './totals.ts';

/** What was asked, what was seen, whether it held. */
export interface Threshold {
  name: string;
  limit: number;
  seen: number;
  ok: boolean;
  /** Kept, within a fifth of the limit. */
  near: boolean;
}

const NEAR = 0.2;

type Name = keyof SoakThresholds;

/** The thresholds that can be judged; what the engine does not report is not. */
export function thresholds(state: State): Threshold[] {
  const seen = seenOf(state);
  return (Object.entries(state.options.thresholds) as [Name, number | undefined][]).flatMap(([name, limit]) => {
    const value = seen[name];
    if (limit === undefined || value === undefined) return [];
    const ok = name === 'max_memory_growth_mib_per_hour' ? !memoryDrifts(state) : isKept(name, limit, value);
    return [{ name, limit, seen: shown(value, limit), ok, near: ok && isNear(name, limit, value) }];
  });
}

const MOST_DIGITS = 6;

/** One digit, or as many as tell it from the limit: what is judged is not rounded. */
function shown(value: number, limit: number): number {
  let rounded = value;
  for (let digits = 1; digits <= MOST_DIGITS; digits++) {
    rounded = round(value, digits);
    if (Math.sign(rounded - limit) === Math.sign(value - limit)) break;
  }
  return rounded;
}

const isKept = (name: Name, limit: number, seen: number) => (name.startsWith('min_') ? seen >= limit : seen <= limit);

/** Within a fifth of the limit; of a least percentage, of what is left to 100. */
function isNear(name: Name, limit: number, seen: number): boolean {
  const room = name.startsWith('min_') && name.endsWith('_percent') ? 100 - limit : limit;
  return room > 0 && Math.abs(seen - limit) <= NEAR * room;
}

/** A slope is over its threshold only if its interval excludes zero. */
const memoryDrifts = (state: State) =>
  driftOf(state).some(({ threshold, slope, low }) => threshold !== null && (low ?? 0) > 0 && (slope ?? 0) > threshold);

export const missed = (state: State): Threshold[] => thresholds(state).filter(({ ok }) => !ok);

function seenOf(state: State): { [name in Name]?: number } {
  const { totals, stall, unit, ladder } = state;
  const seconds = totals.observed / 1000;
  const share = (ms: number) => (totals.observed > 0 ? (100 * ms) / totals.observed : 0);
  const above = ladder.steps.slice(ladder.found + 1).reduce((sum, { rung }) => sum + totals.perRung[rung], 0);
  const { missing } = totals.sum;
  const coverage = coverageOf(totals);
  return {
    max_stalls: stall.count,
    max_engine_exits: unit.faults,
    max_dropped: totals.sum.dropped,
    max_over_limit_percent: share(overLimitTime(state)),
    min_ticks_per_second: seconds > 0 ? ticks(state) / seconds : 0,
    max_throttled_percent: share(above),
    max_restarts: ladder.restartCount + unit.restarts,
    ...(totals.vitals ? { max_missing_trades: missing } : {}),
    ...(coverage === null ? {} : { min_coverage_percent: coverage }),
    ...memoryGrowth(state),
    ...(totals.commitP99Ms === null ? {} : { max_commit_latency_p99_ms: totals.commitP99Ms }),
  };
}

/** The steeper of heap and private memory. */
function memoryGrowth(state: State): { max_memory_growth_mib_per_hour?: number } {
  if (state.options.thresholds.max_memory_growth_mib_per_hour === undefined) return {};
  const slopes = driftOf(state).flatMap(({ threshold, slope }) =>
    threshold === null || slope === null ? [] : [slope],
  );
  return slopes.length === 0 ? {} : { max_memory_growth_mib_per_hour: Math.max(...slopes) };
}

/** Milliseconds over a limit by the engine or its quota. */
export const overLimitTime = ({ totals }: State): number => totals.classes.over_engine + totals.classes.over_quota;

export const ticks = ({ stall }: State): number =>
  stall.ticksStart === null ? 0 : stall.ticksCount - stall.ticksStart;
export const percent = (share: number): number => round(share * 100);
