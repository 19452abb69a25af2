import { ENGINE_EXIT, engineExitName } from '@hybrid-soak/contract/exit-codes.ts';
import type { UnitReading } from '@hybrid-soak/contract/sample.ts';
import { finish } from './ending/ending.ts';
import { type Draft, record } from './records.ts';
import type { State } from './state.ts';

type Unit = Extract<UnitReading, { available: true }>['value'];

/** CLD_EXITED of waitid(2): the status is an exit code; 2 and 3 mean that it is a signal's number. */
const CLD_EXITED = 1;
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

/** ENGINE_EXIT for an end that the supervisor did not ask for; each invocation's once. */
export function watchUnit(draft: Draft): string | null {
  const { state, observation } = draft;
  if (!observation.unit.available || state.effects.pending !== null) return null;
  const now = observation.unit.value;
  const { unit } = state;
  let reason: string | null = null;
  const down = now.active_state === 'failed' || now.active_state === 'inactive' || now.sub_state === 'auto-restart';
  const again = restartsSince(unit.nRestarts, now);
  const moved = unit.invocation !== null && now.invocation_id !== null && now.invocation_id !== unit.invocation;
  if (down || again > 0 || moved) {
    const which =
      (down ? now.invocation_id : unit.invocation) ?? `n_restarts ${down ? now.n_restarts : unit.nRestarts}`;
    if (!down) grantGrace(state);
    if (which !== unit.exitSeenFor || again > 1) {
      unit.exitSeenFor = which;
      reason = recordExit(draft, now, down, Math.max(1, again));
    }
  }
  if (!down && state.ending === null) adoptUnit(state, observation.unit);
  return reason;
}

/** NRestarts begins at 0 again when somebody starts the unit by hand. */
function restartsSince(before: number, { n_restarts }: Unit): number {
  return n_restarts >= before ? n_restarts - before : n_restarts;
}

function recordExit(draft: Draft, now: Unit, down: boolean, exits: number): string {
  const { state } = draft;
  // systemd forgets a main process's status when it starts the next; 0 in `exec_main_code` says so.
  const known = now.exec_main_status !== null && now.exec_main_code !== null && now.exec_main_code !== 0;
  const code = known && now.exec_main_code === CLD_EXITED ? now.exec_main_status : null;
  const signal = known && now.exec_main_code !== CLD_EXITED ? now.exec_main_status : null;
  const name = code === null ? undefined : engineExitName(code);
  const how =
    code !== null
      ? `exit code ${code} ${name ?? ''}`.trim()
      : signal !== null
        ? `signal ${signal}`
        : 'exit code not seen';
  state.unit.crashes += exits;
  const reason = record(draft, {
    action: 'ENGINE_EXIT',
    reason: down ? how : `${how}; running again`,
    exit_code: code,
    exit_name: name ?? null,
    signal,
    result: now.result,
    exits,
    n_restarts: now.n_restarts,
    invocation_id: now.invocation_id,
    unit_pid: now.main_pid,
  });
  return endedBy(draft, code, down) ?? reason;
}

function endedBy(draft: Draft, code: number | null, down: boolean): string | null {
  const { state } = draft;
  if (code === ENGINE_EXIT.CONFIG) {
    const reason = 'the engine refused its configuration (exit code 12)';
    return finish(
      draft,
      { action: 'CONFIG_ERROR', exit_code: code },
      { verdict: 'FAIL', reason, exit_code: ENGINE_EXIT.CONFIG },
    );
  }
  if (code === ENGINE_EXIT.OVERLOAD) state.ladder.overload = true;
  else if (code === ENGINE_EXIT.COMPLETE && down && state.options.ingest_mode === 'replay')
    return finish(draft, { action: 'COMPLETE' }, { verdict: 'PASS', reason: 'the replay has ended', exit_code: 0 });
  return null;
}
