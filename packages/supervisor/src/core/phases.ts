import { median } from '@hybrid-soak/contract/median.ts';
import { hundredths } from '@hybrid-soak/contract/round.ts';
import { mapResources } from './per-resource.ts';
import { type Draft, record } from './records.ts';
import type { State } from './state.ts';
import { adoptUnit, busy, grantGrace, watchUnit } from './unit.ts';

/** The first observation: what was found. */
export function startUp(draft: Draft): string {
  const { state, look } = draft;
  const { options, clock } = state;
  clock.phaseSince = clock.now;
  state.phase = 'calibrating';
  adoptUnit(state, draft.observation.unit);
  return record(draft, {
    action: 'STARTUP',
    reason: `manager ${options.manager.name}: ${options.manager.why}`,
    unit: options.unit,
    manager: options.manager.name,
    ...(options.manager.details === undefined ? {} : { manager_details: options.manager.details }),
    original_sample_every: options.original_sample_every,
    was_running: options.was_running,
    duration_s: options.duration_s,
    interval_s: options.interval_s,
    calibrate_s: calibrationMs(state) / 1000,
    apply: options.apply,
    leave: options.leave,
    limit: look.limits,
    parameters: options.parameters,
    thresholds: definedOf(options.thresholds),
    ...(options.abort_on === undefined ? {} : { abort_on: [...options.abort_on] }),
    ...(options.retain_days === undefined ? {} : { retain_days: options.retain_days }),
    ...(options.requested === undefined ? {} : { requested: options.requested }),
    ...(options.torn_line_kept_in === undefined ? {} : { torn_line_kept_in: options.torn_line_kept_in }),
  });
}

const definedOf = (values: Record<string, number | undefined>): Record<string, number> =>
  Object.fromEntries(Object.entries(values).filter((entry): entry is [string, number] => entry[1] !== undefined));

/** duration/10 for short soaks; none under classic, which knows no baseline, or if pressure is not looked at. */
export function calibrationMs({ options }: State): number {
  if (options.policy === 'classic' || options.psi_actions === 'off') return 0;
  return Math.min(options.parameters.calibrate_s, options.duration_s / 10) * 1000;
}

/** Measures the host's own pressure before the engine's first start. Nothing is stopped for it: a running engine goes on. */
export function calibrate(draft: Draft): string {
  const { state, observation, look } = draft;
  const { clock, pressure } = state;
  const running = observation.unit.available
    ? observation.unit.value.active_state === 'active'
    : state.options.was_running;
  if (running) {
    toRunning(draft);
    return 'the engine is running: no baseline';
  }
  const wanted = calibrationMs(state);
  if (wanted > 0) {
    if (clock.now > clock.phaseSince)
      pressure.calibration = mapResources((r) => measured(pressure.calibration[r], look.parts[r].pressure));
    if (clock.now - clock.phaseSince < wanted) return 'calibrating';
    noteBaseline(draft);
  }
  return start(draft, 'the soak begins');
}

const measured = (values: readonly number[], value: number | null) => (value === null ? values : [...values, value]);

function noteBaseline(draft: Draft): void {
  const { pressure, clock } = draft.state;
  const baseline = mapResources((r) => hundredths(median(pressure.calibration[r])));
  pressure.baseline = baseline;
  pressure.calibratedMs = clock.now - clock.phaseSince;
  record(draft, {
    action: 'CALIBRATED',
    reason: 'measured without the engine; shown beside the run, decides nothing',
    calibrated_s: pressure.calibratedMs / 1000,
    baseline,
    measurements: mapResources((r) => pressure.calibration[r].length),
  });
}

/** Asks for the engine's start; its outcome leads on. */
function start(draft: Draft, reason: string): string {
  const { state } = draft;
  state.phase = 'starting';
  state.clock.firstStart ??= state.clock.now;
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
  state.clock.firstStart ??= state.clock.now;
  grantGrace(state);
  adoptUnit(state, observation.unit);
}
