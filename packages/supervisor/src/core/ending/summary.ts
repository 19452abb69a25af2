import type { DecisionBody } from '@hybrid-soak/contract/decision.ts';
import { mapResources } from '../per-resource.ts';
import type { State } from '../state.ts';
import type { Ending, Histogram } from './totals.ts';

const INCONCLUSIVE_SHARE = 0.1;

/** A user's threshold: what was asked, what was seen, whether it held. */
export interface Threshold {
  name: string;
  limit: number;
  seen: number;
  ok: boolean;
}

/** The ending as the thresholds and the telemetry leave it; only a run that would pass can be lowered. */
export function judge(state: State, ending: Ending): Ending {
  if (ending.verdict !== 'PASS') return ending;
  const missed = thresholds(state).filter((threshold) => !threshold.ok);
  if (missed.length > 0) {
    const reason = missed.map(({ name, limit, seen }) => `${name} = ${limit}, seen ${seen}`).join('; ');
    return { verdict: 'FAIL', reason: `threshold missed: ${reason}`, exit_code: 21 };
  }
  const blind = state.totals.observed > 0 ? state.totals.blind / state.totals.observed : 1;
  if (blind > INCONCLUSIVE_SHARE)
    return { verdict: 'INCONCLUSIVE', reason: `telemetry missing for ${percent(blind)} % of the run`, exit_code: 22 };
  const ambient = state.totals.ambient / state.totals.observed;
  if (ambient > INCONCLUSIVE_SHARE)
    return {
      verdict: 'INCONCLUSIVE',
      reason: `the host was saturated by others for ${percent(ambient)} % of the run`,
      exit_code: 22,
    };
  return ending;
}

export function thresholds(state: State): Threshold[] {
  const asked = state.options.thresholds;
  const seconds = state.totals.observed / 1000;
  const throttled = state.totals.perRung.THROTTLE1 + state.totals.perRung.THROTTLE2 + state.totals.perRung.THROTTLE3;
  const seen = {
    max_stalls: state.stall.count,
    min_ticks_per_second: seconds > 0 ? round(ticks(state) / seconds) : 0,
    max_throttled_percent: state.totals.observed > 0 ? percent(throttled / state.totals.observed) : 0,
    max_restarts: state.ladder.restartCount,
  };
  return Object.entries(asked).flatMap(([key, limit]) => {
    if (limit === undefined) return [];
    const value = seen[key as keyof typeof seen];
    return [{ name: key, limit, seen: value, ok: key.startsWith('min_') ? value >= limit : value <= limit }];
  });
}

type Summary = Omit<Extract<DecisionBody, { action: 'SUMMARY' }>, 'action' | 'reason'>;

/** The flat numbers of the SUMMARY record. */
export function summary(state: State, ending: Ending): Summary {
  return {
    verdict: ending.verdict,
    exit_code: ending.exit_code,
    thresholds: thresholds(state),
    duration_s: round(state.totals.observed / 1000),
    time_per_rung_s: Object.fromEntries(
      Object.entries(state.totals.perRung).map(([rung, ms]) => [rung, round(ms / 1000)]),
    ) as Summary['time_per_rung_s'],
    restarts: state.ladder.restartCount,
    stalls: state.stall.count,
    engine_exits: state.unit.crashes,
    ticks: ticks(state),
    ticks_per_second: state.totals.observed > 0 ? round(ticks(state) / (state.totals.observed / 1000)) : 0,
    baseline: state.pressure.baseline,
    pressure: mapResources((resource) => percentiles(state.totals.histogram[resource])),
    blind_s: round(state.totals.blind / 1000),
    ambient_s: round(state.totals.ambient / 1000),
  };
}

const ticks = (state: State) => (state.stall.ticksStart === null ? 0 : state.stall.ticksCount - state.stall.ticksStart);
const round = (value: number) => Math.round(value * 10) / 10;
const percent = (share: number) => round(share * 100);

function percentiles(rows: Histogram): { p50: number; p95: number; p99: number } | null {
  const bins = rows.flat();
  const count = bins.reduce((sum, n) => sum + n, 0);
  if (count === 0) return null;
  const at = (share: number) => {
    let left = Math.ceil(count * share);
    return bins.findIndex((n) => {
      left -= n;
      return left <= 0;
    });
  };
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
