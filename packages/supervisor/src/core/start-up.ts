import type { Observation } from '@hybrid-soak/contract/sample.ts';
import type { Draft } from './records.ts';
import type { State } from './state.ts';

/**
 * Start-up runs from the engine's stop, by anyone's act, to its first kept frame, at most `startup_s`. A rung change is in
 * force at its end, or, if the engine is down by then, at the end of the start-up that brings it back. What an engine uses while it loads and compiles its code says nothing of its work.
 */
export function trackStartUp({ state, observation }: Draft): void {
  const { unit, clock, effects, options } = state;
  const { pending } = effects;
  const underWay = pending !== null && pending.kind !== 'restore';
  const reading = observation.unit;
  if (reading.available) {
    const { active_state: now, invocation_id: invocation } = reading.value;
    const active = now === 'active' || now === 'reloading';
    const moved = unit.invocation !== null && invocation !== unit.invocation;
    // A process that ends before it is ready has never been active.
    const died = unit.starting !== null && (invocation !== unit.starting || !(active || now === 'activating'));
    if ((unit.active && !active) || (active && moved) || died) unit.startUpSince = clock.now;
    unit.starting = now === 'activating' ? invocation : null;
    unit.active = active;
  }
  // What somebody has stopped starts up when it is started.
  if (unit.stopped) unit.startUpSince = clock.now;
  if (underWay) return;
  if (unit.startUpSince !== null) {
    const over = clock.now - unit.startUpSince >= options.parameters.startup_s * 1000;
    if (!over && !(unit.active && keepsFrames(observation)) && !reloaded(state)) return;
    unit.startUpSince = null;
    unit.settledAt = clock.now + options.parameters.window_s * 1000;
  }
  const down = reading.available && !unit.active;
  if (state.ladder.inForceSince === 'awaited' && !down) state.ladder.inForceSince = clock.now;
}

/** A reload stops nothing: the rung is in force when the engine says so, and that is the outcome. */
const reloaded = ({ ladder, options, unit }: State) =>
  options.apply === 'reload' && ladder.inForceSince === 'awaited' && unit.active;

/** The running process has kept a frame. Heartbeats of earlier versions count rows alone. */
function keepsFrames({ heartbeat, unit, progress }: Observation): boolean {
  if (!heartbeat.available || !unit.available) return progress.available && progress.value.new_rows > 0;
  const { invocation_id, pid, trade_frames_kept, ticks_written } = heartbeat.value;
  const own =
    invocation_id !== null && unit.value.invocation_id !== null
      ? invocation_id === unit.value.invocation_id
      : pid === unit.value.main_pid;
  return own && (trade_frames_kept ?? ticks_written) > 0;
}

/** Whether figures are the running engine's alone: no start-up, and a whole window after it. */
export const isSettled = ({ unit, clock, effects }: State): boolean =>
  unit.startUpSince === null && clock.now >= unit.settledAt && effects.pending === null && !unit.stopped;
