import { spendRestart } from './budget.ts';
import { busy, type Draft, decide, finish, hold } from './draft.ts';
import { effectiveLimits } from './pressure.ts';
import type { State } from './state.ts';
import { ratePercent } from './window.ts';

/** A heartbeat that moved within this share of the threshold proves life where rows do not. */
const ALIVE_SHARE = 0.5;
/** `full` of the engine's own cgroup, percent: above it, every runnable task of it waits half the time. */
const STARVED_FULL_PERCENT = 50;
/** Host pressure this many times its effective limit starves an engine too. */
const FAR_ABOVE = 1.5;

type NoRows = 'quiet' | 'starved' | 'stall';

/** Takes in what the probe saw. Progress alone stops the stall clock; a restart does not. */
export function trackProgress(draft: Draft): void {
  const { state, observation } = draft;
  trackHeartbeat(draft);
  if (!observation.progress.available) return;
  const { new_rows, ticks_count, last_tick_ts } = observation.progress.value;
  state.ticksStart ??= ticks_count - new_rows;
  state.ticksCount = ticks_count;
  state.lastTickTs = last_tick_ts;
  if (new_rows <= 0) return;
  state.lastProgress = state.now;
  state.stallStreak = 0;
  state.stallOpen = false;
  state.stallHeldSince = null;
  state.quietLogged = false;
  state.starvedLogged = false;
}

function trackHeartbeat({ state, observation }: Draft): void {
  if (!observation.heartbeat.available) return;
  const { pid, last_flush_ms: flush, age_ms } = observation.heartbeat.value;
  const before = state.heartbeat;
  if (before?.flush === flush) return;
  if (before === null) state.heartbeat = { pid, flush, movedAt: state.now - Math.max(0, age_ms) };
  // A fresh process writes its row at once: being born is no proof of life, or a crash loop would pass for a slow engine.
  else state.heartbeat = { pid, flush, movedAt: pid === before.pid ? state.now : before.movedAt };
}

/** Milliseconds without a new row, counted from the engine's first start. */
export function stalledFor({ state }: Draft): number {
  if (state.runningSince === null) return 0;
  return state.now - Math.max(state.lastProgress ?? state.runningSince, state.runningSince);
}

/** STALL and its restart, or QUIET or STARVED instead. True while a stall lasts: it outranks a rung change. */
export function watchStall(draft: Draft): boolean {
  const { state, observation } = draft;
  const { progress } = observation;
  const why = progress.available ? null : progress.why;
  // An engine that has just been started makes its database first.
  if (why === null || state.now >= state.graceUntil) {
    if (why !== null && why !== state.progressWhy) decide(draft, 'HOLD', `progress unavailable: ${why}`);
    state.progressWhy = why;
  }
  const stalled = stalledFor(draft);
  const p = state.options.parameters;
  if (stalled < p.stall_threshold_s * 1000) return false;
  const numbers = {
    seconds_since_progress: round(stalled / 1000),
    ticks_count: state.ticksCount,
    last_tick_ts: state.lastTickTs,
    heartbeat_age_s: state.heartbeat === null ? null : round((state.now - state.heartbeat.movedAt) / 1000),
  };
  const kind = classify(draft, stalled);
  if (kind === 'stall' && state.quietLogged && state.stallStreak === 0 && isGraced(state)) {
    // A quiet market does not become a stall because an engine that has just been started is not connected yet.
    draft.verdict = 'hold: quiet, start-up grace';
    return false;
  }
  if (kind === 'stall') {
    restartStalled(draft, numbers);
    return true;
  }
  // A STALL whose restart was never asked for is none of the restarts in a row.
  if (state.stallOpen) state.stallStreak--;
  state.stallOpen = false;
  noteOnce(draft, kind, numbers);
  return false;
}

/** Wall time may jump, so a heartbeat is judged by when it last moved and not by the age it claims. */
function classify(draft: Draft, stalled: number): NoRows {
  const { state, observation } = draft;
  const p = state.options.parameters;
  if (!observation.heartbeat.available || state.heartbeat === null) return 'stall';
  const { connection } = observation.heartbeat.value;
  const age = state.now - state.heartbeat.movedAt;
  const thresholdMs = p.stall_threshold_s * 1000;
  // A heartbeat as old as a short threshold would hide the very stall that the threshold is there for.
  const freshMs = Math.min(p.heartbeat_fresh_s * 1000, thresholdMs * ALIVE_SHARE);
  if (age <= freshMs && connection.startsWith('connected') && stalled < p.quiet_limit_s * 1000) return 'quiet';
  const alive = age < thresholdMs * ALIVE_SHARE;
  return alive && stalled < thresholdMs * p.starved_stretch && isStarved(draft) ? 'starved' : 'stall';
}

function isStarved({ state, pressure }: Draft): boolean {
  if ((ratePercent(state.seen, 'cgroupFull') ?? 0) > STARVED_FULL_PERCENT) return true;
  const { cpu } = pressure;
  return cpu !== null && cpu > Math.min(95, effectiveLimits(state).cpu * FAR_ABOVE);
}

function noteOnce(draft: Draft, kind: 'quiet' | 'starved', numbers: Record<string, unknown>): void {
  const { state } = draft;
  if (kind === 'quiet') {
    if (!state.quietLogged) decide(draft, 'QUIET', 'heartbeat fresh and connected, no trades', numbers);
    state.quietLogged = true;
  } else {
    if (!state.starvedLogged) decide(draft, 'STARVED', 'heartbeat slow but alive under pressure', numbers);
    state.starvedLogged = true;
  }
  draft.verdict = `hold: ${kind}`;
}

/** The first STALL is written at the threshold, whatever else is going on; its restart waits for grace and for its turn. */
function restartStalled(draft: Draft, numbers: Record<string, unknown>): void {
  const { state } = draft;
  const p = state.options.parameters;
  const graced = isGraced(state);
  if (!state.stallOpen && (state.stallStreak === 0 || !graced)) {
    state.stallOpen = true;
    state.stallStreak++;
    state.stalls++;
    const reason = `no new row for ${String(numbers['seconds_since_progress'])} s`;
    decide(draft, 'STALL', reason, { ...numbers, stall_streak: state.stallStreak });
  }
  draft.verdict = 'stall: start-up grace';
  if (!state.stallOpen || graced) return;
  const under = busy(draft);
  if (under !== null) hold(draft, under, numbers);
  else if (state.stallStreak > p.max_stall_restarts)
    abort(draft, `${p.max_stall_restarts} stall restarts in a row brought no progress`, numbers);
  else if (!spendRestart(draft))
    abort(draft, `stalled with the restart budget of ${p.max_restarts_per_hour} an hour spent`, numbers);
  else {
    state.stallOpen = false;
    state.stallHeldSince = null;
    decide(draft, 'ENGINE_RESTART', 'stall', { ...numbers, stall_streak: state.stallStreak }, { kind: 'restart' });
  }
}

/** Every start grants its grace, but an engine that crashes again and again within it does not put its stall off for ever. */
function isGraced(state: State): boolean {
  if (state.now >= state.graceUntil) return false;
  state.stallHeldSince ??= state.now;
  return state.now - state.stallHeldSince < state.options.parameters.stall_threshold_s * 1000;
}

function abort(draft: Draft, reason: string, numbers: Record<string, unknown>): void {
  finish(draft, 'ABORT', { verdict: 'FAIL', reason, exit_code: 20 }, numbers);
}

const round = (seconds: number) => Math.round(seconds * 10) / 10;
