import { connectionState } from './connection-state.ts';
import { finish } from './ending/ending.ts';
import { spendRestart } from './ladder/budget.ts';
import { ratePercent } from './look/window.ts';
import { type Draft, hold, record } from './records.ts';
import type { State } from './state.ts';
import { busy } from './unit.ts';

/** A heartbeat that moved within this share of the threshold proves life if rows do not. */
const ALIVE_SHARE = 0.5;
/** `full` of the engine's own cgroup, percent: above it, every runnable task of it waits half the time. */
const STARVED_FULL_PERCENT = 50;
/** Host pressure this many times its effective limit starves an engine too. */
const FAR_ABOVE = 1.5;

type NoRows = 'quiet' | 'starved' | 'stall';

/** The numbers that every record about missing rows has. */
interface Numbers {
  seconds_since_progress: number;
  ticks_count: number;
  last_tick_ts: number | null;
  heartbeat_age_s: number | null;
}

/** Takes in what the probe saw. Progress alone stops the stall clock; a restart does not. */
export function trackProgress({ state, observation }: Draft): void {
  trackHeartbeat(state, observation.heartbeat);
  if (!observation.progress.available) return;
  const { stall, clock } = state;
  const { new_rows, ticks_count, last_tick_ts } = observation.progress.value;
  stall.ticksStart ??= ticks_count - new_rows;
  stall.ticksCount = ticks_count;
  stall.lastTickTs = last_tick_ts;
  if (new_rows <= 0) return;
  stall.lastProgress = clock.now;
  stall.streak = 0;
  stall.open = false;
  stall.heldSince = null;
  stall.quietLogged = false;
  stall.starvedLogged = false;
}

function trackHeartbeat({ stall, clock }: State, heartbeat: Draft['observation']['heartbeat']): void {
  if (!heartbeat.available) return;
  const { pid, last_flush_ms: flush, age_ms } = heartbeat.value;
  const before = stall.heartbeat;
  if (before?.flush === flush) return;
  if (before === null) stall.heartbeat = { pid, flush, movedAt: clock.now - Math.max(0, age_ms) };
  // A fresh process writes its row at once: having started is not proof of life, or a crash loop would pass for a slow engine.
  else stall.heartbeat = { pid, flush, movedAt: pid === before.pid ? clock.now : before.movedAt };
}

/** Milliseconds without a new row, counted from the engine's first start. */
export function stalledFor({ clock, stall }: State): number {
  if (clock.runningSince === null) return 0;
  return clock.now - Math.max(stall.lastProgress ?? clock.runningSince, clock.runningSince);
}

/** What the stall watch came to. `stalled` stops the pressure stage: a stall outranks a rung change. */
export interface StallStage {
  reason: string | null;
  stalled: boolean;
}

/** STALL and its restart, or QUIET or STARVED instead. */
export function watchStall(draft: Draft): StallStage {
  const { state } = draft;
  noteProgress(draft);
  const stalled = stalledFor(state);
  if (stalled < state.options.parameters.stall_threshold_s * 1000) return { reason: null, stalled: false };
  const { stall, clock } = state;
  const numbers: Numbers = {
    seconds_since_progress: round(stalled / 1000),
    ticks_count: stall.ticksCount,
    last_tick_ts: stall.lastTickTs,
    heartbeat_age_s: stall.heartbeat === null ? null : round((clock.now - stall.heartbeat.movedAt) / 1000),
  };
  const kind = classify(draft, stalled);
  if (kind === 'stall') return stallStage(draft, numbers);
  // A STALL whose restart was never asked for is none of the restarts in a row.
  if (stall.open) stall.streak--;
  stall.open = false;
  return { reason: noteOnce(draft, kind, numbers), stalled: false };
}

function noteProgress(draft: Draft): void {
  const { progress } = draft.observation;
  const { stall, clock, unit } = draft.state;
  const why = progress.available ? null : progress.why;
  // An engine that has just been started makes its database first.
  if (why !== null && clock.now < unit.graceUntil) return;
  if (why !== null && why !== stall.why) record(draft, { action: 'HOLD', reason: `progress unavailable: ${why}` });
  stall.why = why;
}

function stallStage(draft: Draft, numbers: Numbers): StallStage {
  const { stall, clock, unit } = draft.state;
  const quiet = stall.quietLogged && stall.streak === 0;
  const graced = isGraced(draft.state);
  if (clock.now < unit.graceUntil) stall.heldSince ??= clock.now;
  // A quiet market does not become a stall because an engine that has just been started is not connected yet.
  if (quiet && graced) return { reason: 'hold: quiet, start-up grace', stalled: false };
  return { reason: restartStalled(draft, numbers, graced), stalled: true };
}

/** Wall time may jump, so a heartbeat is judged by when it last moved and not by the age it claims. */
function classify(draft: Draft, stalled: number): NoRows {
  const { state, observation } = draft;
  const { stall, clock } = state;
  const p = state.options.parameters;
  if (!observation.heartbeat.available || stall.heartbeat === null) return 'stall';
  const age = clock.now - stall.heartbeat.movedAt;
  const thresholdMs = p.stall_threshold_s * 1000;
  // A heartbeat as old as a short threshold would hide the very stall that the threshold is there for.
  const freshMs = Math.min(p.heartbeat_fresh_s * 1000, thresholdMs * ALIVE_SHARE);
  const connected = connectionState(observation.heartbeat.value) === 'connected';
  if (age <= freshMs && connected && stalled < p.quiet_limit_s * 1000) return 'quiet';
  const alive = age < thresholdMs * ALIVE_SHARE;
  return alive && stalled < thresholdMs * p.starved_stretch && isStarved(draft) ? 'starved' : 'stall';
}

function isStarved({ state, look }: Draft): boolean {
  if ((ratePercent(state.pressure.seen, 'cgroupFull') ?? 0) > STARVED_FULL_PERCENT) return true;
  const { cpu } = look.pressure;
  return cpu !== null && cpu > Math.min(95, look.limits.cpu * FAR_ABOVE);
}

function noteOnce(draft: Draft, kind: 'quiet' | 'starved', numbers: Numbers): string {
  const { stall } = draft.state;
  if (kind === 'quiet') {
    if (!stall.quietLogged)
      record(draft, { action: 'QUIET', reason: 'heartbeat fresh and connected, no trades', ...numbers });
    stall.quietLogged = true;
  } else {
    if (!stall.starvedLogged)
      record(draft, { action: 'STARVED', reason: 'heartbeat slow but alive under pressure', ...numbers });
    stall.starvedLogged = true;
  }
  return `hold: ${kind}`;
}

/** The first STALL is written at the threshold, whatever else is going on; its restart waits for grace and for its turn. */
function restartStalled(draft: Draft, numbers: Numbers, graced: boolean): string {
  const { state } = draft;
  const { stall } = state;
  const p = state.options.parameters;
  if (!stall.open && (stall.streak === 0 || !graced)) {
    stall.open = true;
    stall.streak++;
    stall.count++;
    const reason = `no new row for ${numbers.seconds_since_progress} s`;
    record(draft, { action: 'STALL', reason, ...numbers, stall_streak: stall.streak });
  }
  if (!stall.open || graced) return 'stall: start-up grace';
  const under = busy(state);
  if (under !== null) return hold(draft, under, numbers);
  if (stall.streak > p.max_stall_restarts)
    return abort(draft, `${p.max_stall_restarts} stall restarts in a row brought no progress`, numbers);
  if (!spendRestart(state))
    return abort(draft, `stalled with the restart budget of ${p.max_restarts_per_hour} an hour spent`, numbers);
  stall.open = false;
  stall.heldSince = null;
  const body = { action: 'ENGINE_RESTART', reason: 'stall', ...numbers, stall_streak: stall.streak } as const;
  return record(draft, body, { kind: 'restart' });
}

/** Every start grants its grace, but an engine that crashes again and again within it does not put its stall off for ever. */
function isGraced({ clock, unit, stall, options }: State): boolean {
  if (clock.now >= unit.graceUntil) return false;
  return clock.now - (stall.heldSince ?? clock.now) < options.parameters.stall_threshold_s * 1000;
}

function abort(draft: Draft, reason: string, numbers: Numbers): string {
  return finish(draft, { action: 'ABORT', ...numbers }, { verdict: 'FAIL', reason, exit_code: 20 });
}

const round = (seconds: number) => Math.round(seconds * 10) / 10;
