import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import type { Observation } from '@hybrid-soak/contract/sample.ts';
import type { TimeClass } from '@hybrid-soak/contract/time-classes.ts';
import type { Vitals } from '@hybrid-soak/contract/vitals.ts';
import { connectionOf } from '../connection-state.ts';
import { mapResources } from '../per-resource.ts';
import type { Draft } from '../records.ts';
import { isSettled } from '../start-up.ts';
import type { State } from '../state.ts';
import { tallied } from './tally.ts';
import type { Histogram, Totals } from './totals.ts';

type Heartbeat = Extract<Observation['heartbeat'], { available: true }>['value'];

/** So many intervals without a look are time that nobody observed. */
export const UNSEEN_INTERVALS = 3;

/** Adds the time since the last observation, ms, to the run's totals. */
export function account(draft: Draft, elapsed: number): void {
  const { state, look } = draft;
  const { totals, ladder, options } = state;
  totals.observed += elapsed;
  totals.perRung = { ...totals.perRung, [ladder.rung]: totals.perRung[ladder.rung] + elapsed };
  const found = classOf(draft, elapsed);
  totals.classes = { ...totals.classes, [found]: totals.classes[found] + elapsed };
  totals.histogram = mapResources((r) => counted(totals.histogram[r], look.pressure[r]));
  totals.others = mapResources((r) => {
    const { pressure, part } = look.parts[r];
    return counted(totals.others[r], pressure === null || part === null ? null : Math.max(0, pressure - part));
  });
  if (options.psi_actions !== 'off' && look.ambient.length > 0 && look.over.length === 0) totals.ambient += elapsed;
  countLife(state, draft.observation.heartbeat);
  watchRung(state, draft.observation);
}

/** The first class that fits. */
function classOf({ state, observation, look }: Draft, elapsed: number): TimeClass {
  const { options, unit, stall, ladder } = state;
  const judged = options.psi_actions !== 'off';
  const starting = unit.startUpSince !== null || state.phase === 'starting';
  if (elapsed > UNSEEN_INTERVALS * options.interval_s * 1000) return 'unobserved';
  if (!observation.progress.available && !starting && !unit.stopped) return 'unobserved';
  if (judged && RESOURCES.some((r) => !observation.psi[r].available)) return 'unobserved';
  if (unit.stopped) return 'stopped';
  if (starting) return 'starting';
  if (stall.streak > 0) return 'stalled';
  const { heartbeat } = observation;
  if (heartbeat.available && connectionOf(heartbeat.value) === 'disconnected') return 'disconnected';
  if (judged && isSettled(state)) {
    if (look.over.length > 0) return 'over_engine';
    if (look.quota.length > 0) return 'over_quota';
    if (look.unknown.length > 0) return 'over_unknown';
  }
  return ladder.steps.findIndex(({ rung }) => rung === ladder.rung) > ladder.found ? 'throttled' : 'fine';
}

/** Only the row of ten that the value falls in is copied. */
function counted(rows: Histogram, value: number | null): Histogram {
  if (value === null) return rows;
  const bin = Math.min(100, Math.max(0, Math.round(value)));
  const at = Math.floor(bin / 10);
  const row = rows[at] as readonly number[];
  return rows.with(at, row.with(bin % 10, (row[bin % 10] as number) + 1));
}

/** The engine's own counters, over all its lives; what a life had before the soak's first look is not the soak's. */
function countLife({ totals, options }: State, heartbeat: Observation['heartbeat']): void {
  if (!heartbeat.available) return;
  const { pid, invocation_id, drops, vitals, trade_frames_kept, trade_frames_sampled_out } = heartbeat.value;
  const life = invocation_id ?? String(pid);
  const now = {
    life,
    dropped: drops,
    missing: vitals?.trades_missing ?? 0,
    trades: (trade_frames_kept ?? 0) + (trade_frames_sampled_out ?? 0),
    duplicates: vitals?.duplicates ?? 0,
    failovers: vitals?.failovers ?? 0,
    reconnects: vitals?.reconnects ?? 0,
    connectedMs: vitals?.connected_ms ?? 0,
  };
  const before = totals.counted;
  const first = before.life === null;
  const same = before.life === life;
  const added = (key: keyof typeof totals.sum) => {
    const grown = same ? now[key] - before[key] : now[key];
    // A gap that is filled later is missing no more; the other counts only grow.
    return key === 'missing' ? grown : Math.max(0, grown);
  };
  const sum = { ...totals.sum };
  if (!first) for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += added(key);
  const missing = Math.max(0, sum.missing);
  countOutage(totals, heartbeat.value, missing - totals.sum.missing, added('trades') > 0);
  totals.sum = { ...sum, missing };
  totals.missedAway = Math.min(totals.missedAway, missing);
  totals.counted = now;
  if (!same) beginLife(totals, options.was_running);
  if (vitals === null || vitals === undefined) return;
  totals.vitals = true;
  const which = { isFirst: first, isSame: same };
  totals.gapsOpen = vitals.gaps_open ?? 0;
  if (vitals.sources !== undefined) totals.sources = tallied(totals.sources, vitals.sources, which);
  if (vitals.open_gaps !== undefined) totals.gaps = tallied(totals.gaps, gapsOf(vitals.open_gaps), which);
  totals.unaccounted = vitals.unaccounted ?? 0;
  const p99 = vitals.latency_us?.p99;
  if (p99 !== undefined) totals.commitP99Ms = Math.max(totals.commitP99Ms ?? 0, p99 / 1000);
}

/** What a life did not account for stays so. The row found at first is of no life in the soak, if the engine was down then. */
function beginLife(totals: Totals, wasRunning: boolean): void {
  if (totals.lives > 1 || wasRunning) totals.unaccountedBefore += Math.abs(totals.unaccounted);
  totals.unaccounted = 0;
  totals.lives++;
}

const gapsOf = (found: NonNullable<Vitals['open_gaps']>) =>
  Object.fromEntries(
    found.map(({ source, market, gaps, missing }) => [JSON.stringify([source, market]), { gaps, missing }]),
  );

/**
 * The engine sees what went by in an outage only in the first trade after it, at once with that trade. What is filled later is
 * taken from the outage first. An outage that no look has seen is not known of here: its trades are missing.
 */
function countOutage(totals: Totals, heartbeat: Heartbeat, grown: number, traded: boolean): void {
  const down = connectionOf(heartbeat) === 'disconnected';
  if (grown < 0 || down || totals.away) totals.missedAway = Math.max(0, totals.missedAway + grown);
  totals.away = down || (totals.away && !traded);
}

/** A rung is in force when the engine says that it samples so. */
function watchRung(state: State, { heartbeat }: Observation): void {
  const { totals, clock, ladder, options } = state;
  // The end has begun the restoring: the rung is as it was at the look before.
  if (state.ending !== null) return;
  const off =
    options.psi_actions === 'on' &&
    isSettled(state) &&
    heartbeat.available &&
    heartbeat.value.sample_every !== ladder.sampleEvery;
  // A change that failed late, or was done by a later start, is in force once the engine says so.
  if (!off && ladder.rung === totals.rungFailed && isSettled(state) && heartbeat.available) totals.rungFailed = null;
  totals.rungOffSince = off ? (totals.rungOffSince ?? clock.now) : null;
  if (totals.rungOffSince !== null) totals.rungOffMs = Math.max(totals.rungOffMs, clock.now - totals.rungOffSince);
}
