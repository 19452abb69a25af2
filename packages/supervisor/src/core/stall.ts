import type { QuietReason } from '@hybrid-soak/contract/decision-fields.ts';
import { round } from '@hybrid-soak/contract/round.ts';
import { connectionOf } from './connection-state.ts';
import { UNSEEN_INTERVALS } from './ending/account.ts';
import { finish } from './ending/ending.ts';
import { spendStallRestart } from './ladder/budget.ts';
import { BLIND_MS } from './look/meter.ts';
import { framesOf } from './progress.ts';
import { type Draft, hold, record, SPELL_ENDS_MS } from './records.ts';
import type { Frames } from './stall-memory.ts';
import type { State } from './state.ts';
import { busy } from './unit.ts';

/** A heartbeat that moved within this share of the threshold proves life if rows do not. */
const ALIVE_SHARE = 0.5;
/** `full` of the engine's own cgroup, percent: above it, every runnable task of it waits half the time. */
const STARVED_FULL_PERCENT = 50;
/** Host pressure above this, percent, starves an engine too. */
const STARVED_PRESSURE = 80;
/** Missing permissions: a restart repairs none of them. */
const FORBIDDEN = /^(EACCES|EPERM|SQLITE_READONLY|SQLITE_CANTOPEN|SQLITE_PERM|SQLITE_AUTH)/;

/** The numbers that every record about missing rows has. */
interface Numbers {
  seconds_since_progress: number;
  ticks_count: number;
  last_tick_ts: number | null;
  heartbeat_age_s: number | null;
}

/** Milliseconds without a new row, counted from when the engine was first under way. */
export function withoutRow({ clock, stall }: State): number {
  if (clock.runningSince === null) return 0;
  return clock.now - Math.max(stall.lastProgress ?? clock.runningSince, clock.runningSince);
}

/** The same by the stall clock, which quiet time does not count in. */
const stalledFor = (state: State): number =>
  Math.min(withoutRow(state), state.clock.now - (state.stall.quietUntil ?? Number.NEGATIVE_INFINITY));

/** What the stall watch came to. `stalled` stops the pressure stage: a stall outranks a rung change. */
export interface StallStage {
  reason: string | null;
  stalled: boolean;
}

const NOTHING: StallStage = { reason: null, stalled: false };

/** STALL and its restart, or QUIET or STARVED instead. */
export function watchStall(draft: Draft, elapsed: number): StallStage {
  const { state } = draft;
  const { stall, clock, unit } = state;
  if (elapsed > Math.max(BLIND_MS, UNSEEN_INTERVALS * state.options.interval_s * 1000)) stall.seenAgainAt ??= clock.now;
  const blind = noteProgress(draft);
  if (unit.stopped) {
    stall.quietUntil = clock.now;
    return { reason: 'hold: stopped by somebody', stalled: true };
  }
  const thresholdMs = state.options.parameters.stall_threshold_s * 1000;
  if (withoutRow(state) < thresholdMs || blind) return NOTHING;
  const numbers: Numbers = {
    seconds_since_progress: round(withoutRow(state) / 1000),
    ticks_count: stall.ticksCount,
    last_tick_ts: stall.lastTickTs,
    heartbeat_age_s: stall.heartbeat === null ? null : round((clock.now - stall.heartbeat.movedAt) / 1000),
  };
  const quiet = quietReason(draft);
  if (quiet !== null) return { reason: noteQuiet(draft, quiet, numbers), stalled: false };
  const stalled = stalledFor(state);
  if (stalled < thresholdMs) return { reason: 'hold: quiet until lately', stalled: false };
  if (isSeenAgain(state)) return { reason: 'hold: not observed until lately', stalled: false };
  if (isStarved(draft, stalled)) return { reason: noteStarved(draft, numbers), stalled: false };
  return { reason: stallStage(draft, numbers), stalled: true };
}

/**
 * Why no row can be read, once. True if nothing follows from missing rows: none was ever readable, or reading is forbidden,
 * which no restart repairs.
 */
function noteProgress(draft: Draft): boolean {
  const { progress } = draft.observation;
  const { stall, clock, unit } = draft.state;
  if (progress.available) {
    stall.why = null;
    return false;
  }
  // An engine that has just been started makes its database first.
  const young = clock.now < unit.graceUntil || unit.startUpSince !== null;
  const code = progress.code ?? null;
  if (!young && (stall.why === null || (stall.readable && stall.why !== progress.why)))
    record(draft, { action: 'HOLD', hold: 'progress', reason: `progress unavailable: ${progress.why}` });
  if (!young) stall.why = progress.why;
  return !stall.readable || (code !== null && FORBIDDEN.test(code));
}

/** Why the engine writes no row although it is alive; null if there is no such reason. */
function quietReason({ state, observation: { heartbeat } }: Draft): QuietReason | null {
  const { stall, clock, options } = state;
  const p = options.parameters;
  if (!heartbeat.available || stall.heartbeat === null) return null;
  // A heartbeat as old as a short threshold would hide the very stall that the threshold is there for.
  const freshMs = Math.min(p.heartbeat_fresh_s * 1000, p.stall_threshold_s * 1000 * ALIVE_SHARE);
  if (clock.now - stall.heartbeat.movedAt > freshMs) return null;
  const connection = connectionOf(heartbeat.value);
  if (connection === 'disconnected') return 'disconnected';
  if (connection !== 'connected') return null;
  const frames = framesOf(heartbeat);
  const since = framesSince(stall.framesAtRow, frames);
  // Trades that were kept and make no row are a stall, whatever the heartbeat.
  if (since !== null && since.kept > 0) return null;
  if (since !== null && since.sampledOut > 0) return 'sampled';
  return withoutRow(state) < p.quiet_limit_s * 1000 ? 'no trades' : null;
}

/** Another process counts from its own start. */
function framesSince(before: Frames | null, now: Frames | null): Frames | null {
  if (now === null || before === null || before.pid !== now.pid) return now;
  return { pid: now.pid, kept: now.kept - before.kept, sampledOut: now.sampledOut - before.sampledOut };
}

/** A market with a row now and then changes between its kinds of quiet: each is one record a spell. */
function isNewSpell({ stall, clock }: State, kind: QuietReason | 'starved'): boolean {
  return clock.now - (stall.said[kind] ?? Number.NEGATIVE_INFINITY) > SPELL_ENDS_MS;
}

function noteQuiet(draft: Draft, quiet: QuietReason, numbers: Numbers): string {
  const { stall, clock } = draft.state;
  stall.quietUntil = stall.heartbeat?.movedAt ?? null;
  settleOpen(draft.state);
  const text = {
    'no trades': 'heartbeat fresh and connected, no trades',
    sampled: 'heartbeat fresh and connected, every trade frame was sampled out',
    disconnected: 'heartbeat fresh, every source is down and being tried',
  }[quiet];
  if (isNewSpell(draft.state, quiet)) record(draft, { action: 'QUIET', reason: text, ...numbers, quiet });
  stall.said = { ...stall.said, [quiet]: clock.now };
  stall.quiet = quiet;
  return `hold: quiet: ${quiet}`;
}

/** A restart that was never asked for is none of the restarts in a row. */
function settleOpen({ stall }: State): void {
  if (stall.open) stall.streak--;
  stall.open = false;
}

/**
 * A machine that was paused has had its engine paused too: time that nobody observed is not a stall yet. Once since the last row,
 * so that a supervisor that is held up again and again still finds a freeze.
 */
function isSeenAgain({ stall, clock, options }: State): boolean {
  if (stall.declared || stall.seenAgainAt === null) return false;
  return clock.now - stall.seenAgainAt < options.parameters.stall_grace_s * 1000;
}

/** A heartbeat that is slow but alive, while the engine or the whole host waits for a CPU: wall time may jump, so that its movement is judged and not its age. */
function isStarved({ state, observation, look }: Draft, stalled: number): boolean {
  const { stall, clock, options, pressure } = state;
  const thresholdMs = options.parameters.stall_threshold_s * 1000;
  if (!observation.heartbeat.available || stall.heartbeat === null) return false;
  if (clock.now - stall.heartbeat.movedAt >= thresholdMs * ALIVE_SHARE) return false;
  if (stalled >= thresholdMs * options.parameters.starved_stretch) return false;
  if ((pressure.cgroupFullPercent ?? 0) > STARVED_FULL_PERCENT) return true;
  return (look.pressure.cpu ?? 0) > STARVED_PRESSURE;
}

function noteStarved(draft: Draft, numbers: Numbers): string {
  const { stall, clock } = draft.state;
  settleOpen(draft.state);
  if (isNewSpell(draft.state, 'starved'))
    record(draft, { action: 'STARVED', reason: 'heartbeat slow but alive under pressure', ...numbers });
  stall.said = { ...stall.said, starved: clock.now };
  return 'hold: starved';
}

/** The first STALL is written at the threshold, whatever else is going on; its restart waits for grace and for its turn. */
function stallStage(draft: Draft, numbers: Numbers): string {
  const { state } = draft;
  const { stall, clock, unit } = state;
  const p = state.options.parameters;
  if (clock.now < unit.graceUntil) stall.heldSince ??= clock.now;
  const graced = isGraced(state);
  // A quiet market does not become a stall because an engine that has just been started is not connected yet.
  if (graced && stall.quiet !== null && stall.streak === 0) return 'hold: quiet, start-up grace';
  if (!stall.open && (stall.streak === 0 || (!graced && busy(state) === null))) {
    stall.streak++;
    stall.open = true;
  }
  if (!stall.declared) {
    stall.declared = true;
    stall.count++;
    const reason = `no new row for ${numbers.seconds_since_progress} s`;
    record(draft, { action: 'STALL', reason, ...numbers, stall_streak: stall.streak });
  }
  if (!stall.open || graced) return 'stall: start-up grace';
  const under = busy(state);
  if (under !== null) return hold(draft, 'busy', under, numbers);
  if (stall.streak > p.max_stall_restarts)
    return abort(draft, 'stall', `${p.max_stall_restarts} stall restarts in a row brought no progress`, numbers);
  if (!spendStallRestart(state))
    return abort(
      draft,
      'budget',
      `stalled with the budget of ${p.max_restarts_per_hour} restarts an hour spent`,
      numbers,
    );
  stall.open = false;
  stall.heldSince = null;
  state.ladder.restartCount++;
  return record(
    draft,
    { action: 'ENGINE_RESTART', reason: 'stall', cause: 'stall', ...numbers, stall_streak: stall.streak },
    { kind: 'restart' },
  );
}

/** Every start grants its grace, but an engine that crashes again and again within it does not put its stall off for ever. */
function isGraced({ clock, unit, stall, options }: State): boolean {
  if (clock.now >= unit.graceUntil) return false;
  return clock.now - (stall.heldSince ?? clock.now) < options.parameters.stall_threshold_s * 1000;
}

function abort(draft: Draft, cause: 'stall' | 'budget', reason: string, numbers: Numbers): string {
  return finish(draft, { action: 'ABORT', cause, ...numbers }, { verdict: 'FAIL', reason, exit_code: 20 });
}
