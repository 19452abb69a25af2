import { ENGINE_EXIT, engineExitName } from '@hybrid-soak/contract/exit-codes.ts';
import type { UnitReading } from '@hybrid-soak/contract/sample.ts';
import { type Draft, decide, finish } from './draft.ts';
import type { State } from './state.ts';

type Unit = Extract<UnitReading, { available: true }>['value'];

/** CLD_EXITED of waitid(2): the status is an exit code; 2 and 3 mean that it is a signal's number. */
const CLD_EXITED = 1;

/** Notes whether the unit is between two states: a restart, by whomever, is never doubled. */
export function trackUnit({ state, observation }: Draft): void {
  if (!observation.unit.available) return;
  const changing = /^(activating|deactivating|reloading)$/.test(observation.unit.value.active_state);
  state.changingSince = changing ? (state.changingSince ?? state.now) : null;
}

/** The unit as it is now is what later observations are compared with. */
export function adoptUnit({ state, observation }: Draft): void {
  if (!observation.unit.available) return;
  state.invocation = observation.unit.value.invocation_id;
  state.nRestarts = observation.unit.value.n_restarts;
}

/** ENGINE_EXIT for an end that the supervisor did not ask for; each invocation's once. */
export function watchUnit(draft: Draft): void {
  const { state, observation } = draft;
  if (!observation.unit.available || state.pending !== null) return;
  const unit = observation.unit.value;
  const down = unit.active_state === 'failed' || unit.active_state === 'inactive' || unit.sub_state === 'auto-restart';
  const again = restartsSince(state, unit);
  const moved = state.invocation !== null && unit.invocation_id !== null && unit.invocation_id !== state.invocation;
  if (down || again > 0 || moved) {
    const which =
      (down ? unit.invocation_id : state.invocation) ?? `n_restarts ${down ? unit.n_restarts : state.nRestarts}`;
    if (!down) grantGrace(state);
    if (which !== state.exitSeenFor || again > 1) {
      state.exitSeenFor = which;
      recordExit(draft, unit, down, Math.max(1, again));
    }
  }
  if (!down && state.ending === null) adoptUnit(draft);
}

/**
 * After a start, by whomever: the stall clock runs on, but a stall does not restart at once; and an engine that loads and
 * compiles its code uses more CPU than its work does, so that it is no measure of its load yet.
 */
export function grantGrace(state: State): void {
  state.graceUntil = state.now + state.options.parameters.stall_grace_s * 1000;
}

/** NRestarts begins at 0 again when somebody starts the unit by hand. */
function restartsSince({ nRestarts }: State, unit: Unit): number {
  return unit.n_restarts >= nRestarts ? unit.n_restarts - nRestarts : unit.n_restarts;
}

function recordExit(draft: Draft, unit: Unit, down: boolean, exits: number): void {
  const { state } = draft;
  // systemd forgets a main process's status when it starts the next; 0 in `exec_main_code` says so.
  const known = unit.exec_main_status !== null && unit.exec_main_code !== null && unit.exec_main_code !== 0;
  const code = known && unit.exec_main_code === CLD_EXITED ? unit.exec_main_status : null;
  const signal = known && unit.exec_main_code !== CLD_EXITED ? unit.exec_main_status : null;
  const name = code === null ? undefined : engineExitName(code);
  const how =
    code !== null
      ? `exit code ${code} ${name ?? ''}`.trim()
      : signal !== null
        ? `signal ${signal}`
        : 'exit code not seen';
  state.crashes += exits;
  decide(draft, 'ENGINE_EXIT', down ? how : `${how}; running again`, {
    exit_code: code,
    exit_name: name ?? null,
    signal,
    result: unit.result,
    exits,
    n_restarts: unit.n_restarts,
    invocation_id: unit.invocation_id,
    unit_pid: unit.main_pid,
  });
  if (code === ENGINE_EXIT.CONFIG) {
    const reason = 'the engine refused its configuration (exit code 12)';
    finish(draft, 'CONFIG_ERROR', { verdict: 'FAIL', reason, exit_code: 12 }, { exit_code: code });
  } else if (code === ENGINE_EXIT.OVERLOAD) state.overload = true;
  else if (code === ENGINE_EXIT.COMPLETE && down && state.options.ingest_mode === 'replay')
    finish(draft, 'COMPLETE', { verdict: 'PASS', reason: 'the replay has ended', exit_code: 0 });
}
