import type { SoakThresholds } from '@hybrid-soak/contract/policy.ts';
import type { State } from '../state.ts';

/** What was asked, what was seen, whether it held. */
export interface Threshold {
  name: string;
  limit: number;
  seen: number;
  ok: boolean;
}

type Name = keyof SoakThresholds;

/** The thresholds that can be judged; what the engine does not report is not. */
export function thresholds(state: State): Threshold[] {
  const seen = seenOf(state);
  return (Object.entries(state.options.thresholds) as [Name, number | undefined][]).flatMap(([name, limit]) => {
    const value = seen[name];
    if (limit === undefined || value === undefined) return [];
    return [{ name, limit, seen: value, ok: name.startsWith('min_') ? value >= limit : value <= limit }];
  });
}

export const missed = (state: State): Threshold[] => thresholds(state).filter(({ ok }) => !ok);

function seenOf(state: State): { [name in Name]?: number } {
  const { totals, stall, unit, ladder } = state;
  const seconds = totals.observed / 1000;
  const share = (ms: number) => (totals.observed > 0 ? percent(ms / totals.observed) : 0);
  const above = ladder.steps.slice(ladder.found + 1).reduce((sum, { rung }) => sum + totals.perRung[rung], 0);
  const { missing, trades } = totals.sum;
  return {
    max_stalls: stall.count,
    max_engine_exits: unit.faults,
    max_dropped: totals.sum.dropped,
    max_over_limit_percent: share(overLimitTime(state)),
    min_ticks_per_second: seconds > 0 ? round(ticks(state) / seconds) : 0,
    max_throttled_percent: share(above),
    max_restarts: ladder.restartCount + unit.restarts,
    ...(totals.vitals ? { max_missing_trades: missing } : {}),
    ...(totals.vitals && trades + missing > 0 ? { min_coverage_percent: percent(trades / (trades + missing)) } : {}),
    ...(totals.commitP99Ms === null ? {} : { max_commit_latency_p99_ms: round(totals.commitP99Ms) }),
  };
}

/** Milliseconds over a limit by the engine or its quota. */
export const overLimitTime = ({ totals }: State): number => totals.classes.over_engine + totals.classes.over_quota;

export const ticks = ({ stall }: State): number =>
  stall.ticksStart === null ? 0 : stall.ticksCount - stall.ticksStart;
export const round = (value: number): number => Math.round(value * 10) / 10;
export const percent = (share: number): number => round(share * 100);
