import { ENGINE_EXIT, engineExitName } from '@hybrid-soak/contract/exit-codes.ts';
import type { Observation, UnitReading } from '@hybrid-soak/contract/sample.ts';
import { finish } from './ending/ending.ts';
import { type Draft, record } from './records.ts';
import type { State } from './state.ts';

type Unit = Extract<UnitReading, { available: true }>['value'];

/** CLD_EXITED of waitid(2): the status is an exit code; 2 and 3 mean that it is a signal's number. */
const CLD_EXITED = 1;
const SIGTERM = 15;
/** A unit that is between two states longer than this, ms, no longer holds back a restart: systemd's own timeouts are over. */
const CHANGING_TOO_LONG_MS = 120_000;

/** Notes whether the unit is between two states: a restart that anyone began is never doubled. */
export function trackUnit({ unit, clock }: State, reading: UnitReading): void {
  if (!reading.available) return;
  const changing = /^(activating|deactivating|reloading)$/.test(reading.value.active_state);
  unit.changingSince = changing ? (unit.changingSince ?? clock.now) : null;
}

/** Why no restart can be asked for now: one is under way already, ours or anybody's; null if one can. */
export function busy({ effects, unit, clock }: State): string | null {
  if (effects.pending !== null) return `${effects.pending.kind} under way`;
  if (unit.changingSince !== null && clock.now - unit.changingSince < CHANGING_TOO_LONG_MS)
    return 'unit changing state';
  return null;
}

/** The unit as it is now is what later observations are compared with. */
export function adoptUnit({ unit }: State, reading: UnitReading): void {
  if (!reading.available) return;
  unit.invocation = reading.value.invocation_id;
  unit.nRestarts = reading.value.n_restarts;
}

/**
 * After a start, by anyone: the stall clock runs on, but a stall does not restart at once; and an engine that loads and
 * compiles its code uses more CPU than its work does, so that it is not a measure of its load yet.
 */
export function grantGrace({ unit, clock, options }: State): void {
  unit.graceUntil = clock.now + options.parameters.stall_grace_s * 1000;
}

const isDown = ({ active_state, sub_state }: Unit) =>
  active_state === 'failed' || active_state === 'inactive' || sub_state === 'auto-restart';

/** By what the log knows the end of a unit that is down. */
const endOf = ({ invocation_id, n_restarts }: Unit) => invocation_id ?? `n_restarts ${n_restarts}`;

/** After an effect that failed: the process that it stopped, or that never ran, did not exit by itself or by somebody. */
export function ownStop({ unit }: State, reading: UnitReading): void {
  if (!reading.available || !isDown(reading.value)) return;
  const { invocation_id } = reading.value;
  if (invocation_id === null || invocation_id === unit.invocation) unit.exitSeenFor = endOf(reading.value);
}

/** ENGINE_EXIT for ends that the supervisor did not ask for; each invocation's once. */
export function watchUnit(draft: Draft): string | null {
  const { state, observation } = draft;
  if (!observation.unit.available || state.effects.pending !== null) return null;
  const now = observation.unit.value;
  const { unit } = state;
  const down = isDown(now);
  const again = restartsSince(unit.nRestarts, now);
  const moved = unit.invocation !== null && now.invocation_id !== null && now.invocation_id !== unit.invocation;
  const before = unit.invocation ?? `n_restarts ${unit.nRestarts}`;
  const isKnown = unit.exitSeenFor === before;
  // Every restart began a process; the one that the last look saw may have been recorded, the one there is now may run.
  const ends = again + Number(down) - Number(isKnown);
  const exits = ends > 0 ? ends : Number(moved && !isKnown && !down);
  if (!down && (again > 0 || moved)) grantGrace(state);
  unit.restarts += again;
  unit.exitSeenFor = down ? endOf(now) : exits > 0 ? before : unit.exitSeenFor;
  let reason: string | null = null;
  if (exits > 0) {
    const ended = down ? now.invocation_id : unit.invocation;
    reason = recordExit(draft, now, exitOf(observation, now, { ended, down, again, exits }));
  }
  if (!down) unit.stopped = false;
  reason = recordReturn(draft, now) ?? reason;
  if (state.ending === null) adoptUnit(state, observation.unit);
  return reason ?? (unit.stopped ? 'hold: stopped by somebody' : null);
}

/** After an end that left the unit down: it is back, by systemd's doing or somebody's. Null while it is not. */
function recordReturn(draft: Draft, { active_state, invocation_id, main_pid }: Unit): string | null {
  const { unit, clock, ending } = draft.state;
  if (unit.awaySince === null || active_state !== 'active' || ending !== null) return null;
  const took_ms = clock.now - unit.awaySince;
  unit.awaySince = null;
  const numbers = { ok: true, took_ms, invocation_id, unit_pid: main_pid };
  return record(draft, { action: 'ENGINE_RESTARTED', reason: 'running again after its exit', ...numbers });
}

/** NRestarts begins at 0 again when somebody starts the unit by hand. */
function restartsSince(before: number, { n_restarts }: Unit): number {
  return n_restarts >= before ? n_restarts - before : n_restarts;
}

interface Exit {
  code: number | null;
  signal: number | null;
  endReason: string | null;
  by: 'somebody' | 'itself';
  down: boolean;
  exits: number;
}

/** What is known of an end: from systemd, which forgets it at the next start, and from the engine's own row about its life. */
function exitOf(
  { life }: Observation,
  now: Unit,
  { ended, down, again, exits }: { ended: string | null; down: boolean; again: number; exits: number },
): Exit {
  const known = now.exec_main_status !== null && now.exec_main_code !== null && now.exec_main_code !== 0;
  const own = life?.available && ended !== null && life.value.invocation_id === ended ? life.value : null;
  const code = known && now.exec_main_code === CLD_EXITED ? now.exec_main_status : (own?.exit_code ?? null);
  const signal = known && now.exec_main_code !== CLD_EXITED ? now.exec_main_status : null;
  const endReason = own?.end_reason ?? null;
  // Without the engine's word: a clean end that leaves the unit down, or a new process that systemd counts as no restart.
  const clean = down
    ? now.active_state === 'inactive' && (code === ENGINE_EXIT.COMPLETE || signal === SIGTERM)
    : again === 0;
  const somebody = endReason === null ? clean : endReason === 'signal';
  return { code, signal, endReason, by: somebody ? 'somebody' : 'itself', down, exits };
}

function recordExit(draft: Draft, now: Unit, exit: Exit): string {
  const { unit } = draft.state;
  const { code, signal, by, down, exits } = exit;
  const name = code === null ? undefined : engineExitName(code);
  const how =
    code !== null
      ? `exit code ${code} ${name ?? ''}`.trim()
      : signal !== null
        ? `signal ${signal}`
        : 'exit code not seen';
  unit.exits += exits;
  if (down) unit.awaySince = draft.state.clock.now;
  if (by === 'itself' && code !== ENGINE_EXIT.NETWORK && code !== ENGINE_EXIT.COMPLETE) unit.faults += exits;
  const reason = record(draft, {
    action: 'ENGINE_EXIT',
    reason: `${how}${by === 'somebody' ? ', by somebody' : ''}${down ? '' : '; running again'}`,
    exit_code: code,
    exit_name: name ?? null,
    signal,
    result: now.result,
    exits,
    n_restarts: now.n_restarts,
    invocation_id: now.invocation_id,
    unit_pid: now.main_pid,
    by,
    end_reason: exit.endReason,
  });
  return endedBy(draft, exit) ?? reason;
}

/** Ends of the engine that end the soak, or that its ladder or the stall watch has to know of. */
function endedBy(draft: Draft, { code, endReason, by, down }: Exit): string | null {
  const { state } = draft;
  if (code === ENGINE_EXIT.CONFIG) {
    const reason = 'the engine refused its configuration (exit code 12)';
    const ending = { verdict: 'CONFIG_ERROR' as const, reason, exit_code: ENGINE_EXIT.CONFIG };
    return finish(draft, { action: 'CONFIG_ERROR', exit_code: code }, ending);
  }
  if (code === ENGINE_EXIT.OVERLOAD) state.ladder.overload = true;
  const replayed = endReason === null && state.options.ingest_mode === 'replay' && code === ENGINE_EXIT.COMPLETE;
  if (down && (endReason === 'replay-finished' || endReason === 'run-seconds' || replayed)) {
    const reason = endReason === 'run-seconds' ? 'the engine ran its run_seconds' : 'the replay has ended';
    return finish(draft, { action: 'COMPLETE' }, { verdict: 'PASS', reason, exit_code: 0 });
  }
  state.unit.stopped = down && by === 'somebody';
  return null;
}
