import { median } from '@hybrid-soak/contract/median.ts';
import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import { type Draft, decide } from './draft.ts';
import { effectiveLimits, mapResources } from './pressure.ts';
import type { State } from './state.ts';
import { adoptUnit, grantGrace } from './unit.ts';

/** The first observation: what was found, and, where the host is to be measured without the engine, its stop. */
export function startUp(draft: Draft): void {
  const { state } = draft;
  const { options } = state;
  state.startedAt = state.now;
  state.phaseSince = state.now;
  state.phase = 'calibrating';
  decide(draft, 'STARTUP', `manager ${options.manager.name}: ${options.manager.why}`, {
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
    limits: effectiveLimits(state),
    parameters: options.parameters,
    thresholds: options.thresholds,
    ...(options.torn_line_kept_in === undefined ? {} : { torn_line_kept_in: options.torn_line_kept_in }),
  });
  if (options.was_running && options.calibrate === 'before' && calibrationMs(state) > 0) {
    state.phase = 'stopping';
    decide(draft, 'ENGINE_STOP', 'to measure the host without it', {}, { kind: 'stop' });
  }
}

/** At most a tenth of the soak; none under classic, which knows no baseline, or where pressure is not looked at. */
function calibrationMs({ options }: State): number {
  if (options.policy === 'classic' || options.psi_actions === 'off') return 0;
  return Math.min(options.parameters.calibrate_s, options.duration_s / 10) * 1000;
}

/** Measures the host's own pressure, then starts the engine or keeps it running. */
export function calibrate(draft: Draft): void {
  const { state, observation, pressure } = draft;
  const wanted = calibrationMs(state);
  draft.verdict = 'calibrating';
  if (wanted > 0) {
    // What the engine did before its stop is no part of the baseline.
    if (state.now === state.phaseSince) state.seen = state.seen.slice(-1);
    else state.calibration = mapResources((r) => measured(state.calibration[r], pressure[r]));
    if (state.now - state.phaseSince < wanted) return;
    noteBaseline(draft);
  }
  const running = observation.unit.available
    ? observation.unit.value.active_state === 'active'
    : state.options.was_running;
  if (running) toRunning(draft);
  else start(draft, 'the soak begins');
}

const measured = (values: number[], value: number | null) => (value === null ? values : [...values, value]);

function noteBaseline(draft: Draft): void {
  const { state, observation } = draft;
  state.baseline = mapResources((r) => rounded(median(state.calibration[r])));
  const beside = observation.unit.available && observation.unit.value.active_state === 'active';
  decide(draft, 'CALIBRATED', beside ? 'measured beside the running engine' : 'measured without the engine', {
    calibrate: beside ? 'live' : 'before',
    calibrated_s: (state.now - state.phaseSince) / 1000,
    baseline: state.baseline,
    effective_limit: effectiveLimits(state),
    measurements: mapResources((r) => state.calibration[r].length),
    ...(RESOURCES.some((r) => state.baseline?.[r] === null)
      ? { unavailable: 'fixed limit where there is no baseline' }
      : {}),
  });
}

/** Asks for the engine's start; its outcome leads on. */
export function start(draft: Draft, reason: string): void {
  draft.state.phase = 'starting';
  draft.state.attempts++;
  decide(draft, 'ENGINE_START', reason, { attempt: draft.state.attempts }, { kind: 'start' });
}

export function toRunning(draft: Draft): void {
  const { state } = draft;
  state.phase = 'running';
  state.attempts = 0;
  state.runningSince = state.now;
  grantGrace(state);
  adoptUnit(draft);
}

const rounded = (value: number | null) => (value === null ? null : Math.round(value * 100) / 100);
