import { median } from '@hybrid-soak/contract/median.ts';
import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import { effectiveLimits } from './look/pressure.ts';
import { mapResources } from './per-resource.ts';
import { type Draft, record } from './records.ts';
import type { State } from './state.ts';
import { adoptUnit, busy, grantGrace, watchUnit } from './unit.ts';

/** The first observation: what was found, and, if the host is to be measured without the engine, its stop. */
export function startUp(draft: Draft): string {
  const { state, look } = draft;
  const { options, clock } = state;
  clock.startedAt = clock.now;
  clock.phaseSince = clock.now;
  state.phase = 'calibrating';
  const reason = record(draft, {
    action: 'STARTUP',
    reason: `manager ${options.manager.name}: ${options.manager.why}`,
    unit: options.unit,
    manager: options.manager.name,
    original_sample_every: options.original_sample_every,
    was_running: options.was_running,
    duration_s: options.duration_s,
    interval_s: options.interval_s,
    calibrate: options.calibrate,
    calibrate_s: calibrationMs(state) / 1000,
    apply: options.apply,
    leave: options.leave,
    limits: look.limits,
    parameters: options.parameters,
    thresholds: options.thresholds as Record<string, number>,
    ...(options.torn_line_kept_in === undefined ? {} : { torn_line_kept_in: options.torn_line_kept_in }),
  });
  if (!options.was_running || options.calibrate !== 'before' || calibrationMs(state) === 0) return reason;
  state.phase = 'stopping';
  return record(draft, { action: 'ENGINE_STOP', reason: 'to measure the host without it' }, { kind: 'stop' });
}

/** duration/10 for short soaks; none under classic, which knows no baseline, or if pressure is not looked at. */
function calibrationMs({ options }: State): number {
  if (options.policy === 'classic' || options.psi_actions === 'off') return 0;
  return Math.min(options.parameters.calibrate_s, options.duration_s / 10) * 1000;
}

/** Measures the host's own pressure, then starts the engine or keeps it running. */
export function calibrate(draft: Draft): string {
  const { state, observation, look } = draft;
  const { clock, pressure } = state;
  const wanted = calibrationMs(state);
  let reason = 'calibrating';
  if (wanted > 0) {
    // What the engine did before its stop is not part of the baseline.
    if (clock.now === clock.phaseSince) pressure.seen = pressure.seen.slice(-1);
    else pressure.calibration = mapResources((r) => measured(pressure.calibration[r], look.pressure[r]));
    if (clock.now - clock.phaseSince < wanted) return reason;
    reason = noteBaseline(draft);
  }
  const running = observation.unit.available
    ? observation.unit.value.active_state === 'active'
    : state.options.was_running;
  if (!running) return start(draft, 'the soak begins');
  toRunning(draft);
  return reason;
}

const measured = (values: readonly number[], value: number | null) => (value === null ? values : [...values, value]);

function noteBaseline(draft: Draft): string {
  const { state, observation } = draft;
  const { pressure, clock } = state;
  const baseline = mapResources((r) => rounded(median(pressure.calibration[r])));
  pressure.baseline = baseline;
  draft.look = { ...draft.look, limits: effectiveLimits(state) };
  const beside = observation.unit.available && observation.unit.value.active_state === 'active';
  return record(draft, {
    action: 'CALIBRATED',
    reason: beside ? 'measured beside the running engine' : 'measured without the engine',
    calibrate: beside ? 'live' : 'before',
    calibrated_s: (clock.now - clock.phaseSince) / 1000,
    baseline,
    effective_limit: draft.look.limits,
    measurements: mapResources((r) => pressure.calibration[r].length),
    ...(RESOURCES.some((r) => baseline[r] === null) ? { unavailable: 'fixed limit where there is no baseline' } : {}),
  });
}

/** Asks for the engine's start; its outcome leads on. */
function start(draft: Draft, reason: string): string {
  const { state } = draft;
  state.phase = 'starting';
  state.effects.attempts++;
  return record(draft, { action: 'ENGINE_START', reason, attempt: state.effects.attempts }, { kind: 'start' });
}

/** A start that failed is tried again as soon as the unit is settled; exit code 12 ends the soak at once. */
export function awaitStart(draft: Draft): string {
  const reason = watchUnit(draft) ?? 'starting';
  const { unit } = draft.observation;
  if (draft.state.ending !== null || busy(draft.state) !== null) return reason;
  if (!unit.available || unit.value.active_state !== 'active') return start(draft, 'again');
  toRunning(draft);
  return reason;
}

export function toRunning({ state, observation }: Draft): void {
  state.phase = 'running';
  state.effects.attempts = 0;
  state.clock.runningSince = state.clock.now;
  grantGrace(state);
  adoptUnit(state, observation.unit);
}

const rounded = (value: number | null) => (value === null ? null : Math.round(value * 100) / 100);
