import type { DecisionBody } from '@hybrid-soak/contract/decision.ts';
import type { Completeness } from '@hybrid-soak/contract/drift.ts';
import type { Rung } from '@hybrid-soak/contract/ladder.ts';
import { round } from '@hybrid-soak/contract/round.ts';
import { driftOf } from '../drift/judge.ts';
import { mapResources } from '../per-resource.ts';
import type { State } from '../state.ts';
import { percent, thresholds, ticks } from './thresholds.ts';
import { coverageOf, type Ending, type Histogram } from './totals.ts';

type Summary = Omit<Extract<DecisionBody, { action: 'SUMMARY' }>, 'action' | 'reason'>;

/** The flat numbers of the SUMMARY record. */
export function summary(state: State, ending: Ending): Summary {
  const { totals, ladder, unit, stall, pressure } = state;
  return {
    verdict: ending.verdict,
    exit_code: ending.exit_code,
    thresholds: thresholds(state),
    duration_s: round(totals.observed / 1000),
    calibrated_s: round(pressure.calibratedMs / 1000),
    time_per_rung_s: seconds(totals.perRung) as Record<Rung, number>,
    classes_s: seconds(totals.classes) as Summary['classes_s'],
    ambient_s: round(totals.ambient / 1000),
    restarts: ladder.restartCount + unit.restarts,
    stalls: stall.count,
    engine_exits: unit.exits,
    ticks: ticks(state),
    ticks_per_second: totals.observed > 0 ? round(ticks(state) / (totals.observed / 1000)) : 0,
    baseline: pressure.baseline,
    pressure: mapResources((r) => percentiles(totals.histogram[r])),
    others_pressure: mapResources((r) => percentiles(totals.others[r])),
    effect_usec_per_frame: ladder.effects,
    drift: driftOf(state),
    completeness: completeness(state),
  };
}

/** From the counters that the engine reports of itself. */
function completeness({ totals }: State): Completeness {
  const { missing, duplicates, dropped, failovers, reconnects, connectedMs } = totals.sum;
  const { observed, classes } = totals;
  const coverage = coverageOf(totals);
  return {
    coverage_percent: coverage === null ? null : round(coverage, 2),
    connected_s: round(connectedMs / 1000),
    connected_percent: observed > 0 ? percent(1 - (classes.disconnected + classes.stopped) / observed) : 0,
    trades_missing: missing,
    gaps_open: totals.gapsOpen,
    duplicates,
    dropped,
    failovers,
    reconnects,
    sources: Object.entries(totals.sources.sum).map(([name, { connected_ms = 0, reconnects = 0, failovers = 0 }]) => ({
      name,
      connected_s: round(connected_ms / 1000),
      connected_percent: observed > 0 ? percent(Math.min(1, connected_ms / observed)) : 0,
      reconnects,
      failovers,
    })),
    gaps: Object.entries(totals.gaps.sum).flatMap(([key, { gaps = 0, missing: trades_missing = 0 }]) => {
      const [source, market] = JSON.parse(key) as [string, string];
      return trades_missing > 0 ? [{ source, market, gaps_open: gaps, trades_missing }] : [];
    }),
  };
}

/**
 * Seconds with one digit that sum to the whole, rounded likewise, exactly: what rounding down leaves goes to those that lost
 * most by it.
 */
export function seconds(ms: Readonly<Record<string, number>>): Record<string, number> {
  const parts = Object.entries(ms).map(([name, value]) => ({
    name,
    tenths: Math.floor(value / 100),
    rest: value % 100,
  }));
  const whole = Math.round(parts.reduce((sum, { tenths, rest }) => sum + tenths * 100 + rest, 0) / 100);
  let left = whole - parts.reduce((sum, { tenths }) => sum + tenths, 0);
  for (const part of parts.toSorted((a, b) => b.rest - a.rest)) if (left-- > 0) part.tenths++;
  return Object.fromEntries(parts.map(({ name, tenths }) => [name, tenths / 10]));
}

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
