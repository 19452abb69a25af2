import { configSchema, type SoakPolicy } from '@hybrid-soak/contract/config.ts';
import type { SoakOptions } from '@hybrid-soak/supervisor/core/options.ts';
import { between, chance, pick, type Random } from './random.ts';

const TROUBLES = [
  'freeze',
  'spin',
  'crash',
  'overload',
  'refused',
  'quiet',
  'no-psi',
  'no-cgroup',
  'no-progress',
  'wall-jump',
  'late',
] as const;

/** Something that goes wrong from `at` until `until`, seconds of the run. */
export interface Trouble {
  kind: (typeof TROUBLES)[number];
  at: number;
  until: number;
  /** Whether a restart ends a freeze. */
  curable: boolean;
}

/** One run's host, engine and faults, drawn from its seed. */
export interface Scenario {
  options: SoakOptions;
  ambient: 'flat' | 'diurnal' | 'bursty' | 'ramping';
  /** Percent of `some` of cpu that others cause, and the shares of it that memory and io have. */
  ambientLevel: number;
  memoryShare: number;
  ioShare: number;
  /** Percent of `some` that the engine causes at sample_every 1; 0: the host's pressure is all ambient. */
  engineLevel: number;
  /** How much of the engine's load is proportional to the messages it keeps; the rest no rung takes away. */
  elasticity: number;
  /** How often the engine's load of the beginning is added to it an hour. */
  leak: number;
  /** Percent of one CPU that the engine's unit may use; null: no quota. */
  quota: number | null;
  cgroup: boolean;
  ticksPerSecond: number;
  effectFails: number;
  effectSlow: number;
  /** Share of effects whose outcome never comes. */
  effectLost: number;
  troubles: Trouble[];
  signalAt: number | null;
  abortAt: number | null;
}

export function drawScenario(random: Random, seed: number, hours: number): Scenario {
  const seconds = hours * 3600;
  const ambientOnly = chance(random, 0.4);
  const faulty = chance(random, 0.5);
  return {
    options: drawOptions(random, seed, seconds),
    ambient: pick(random, ['flat', 'diurnal', 'bursty', 'ramping']),
    ambientLevel: between(random, 0, 90),
    memoryShare: between(random, 0, 0.3),
    ioShare: between(random, 0, 0.6),
    engineLevel: ambientOnly ? 0 : between(random, 5, 90),
    elasticity: between(random, 0, 1),
    leak: chance(random, 0.2) ? between(random, 0, 2) : 0,
    quota: chance(random, 0.1) ? between(random, 20, 150) : null,
    cgroup: chance(random, 0.75),
    ticksPerSecond: between(random, 0.5, 200),
    effectFails: faulty ? between(random, 0, 0.4) : 0,
    effectSlow: faulty ? between(random, 0, 0.5) : 0,
    effectLost: faulty && chance(random, 0.2) ? 0.1 : 0,
    troubles: drawTroubles(random, seconds),
    signalAt: chance(random, 0.05) ? between(random, 0, seconds) : null,
    abortAt: chance(random, 0.05) ? between(random, 0, seconds) : null,
  };
}

function drawTroubles(random: Random, seconds: number): Trouble[] {
  const count = chance(random, 0.4) ? 0 : Math.floor(between(random, 1, 8));
  return Array.from({ length: count }, () => {
    const at = between(random, 60, seconds);
    return { kind: pick(random, TROUBLES), at, until: at + between(random, 5, 600), curable: chance(random, 0.6) };
  });
}

function drawOptions(random: Random, seed: number, duration_s: number): SoakOptions {
  const soak = configSchema.parse({}).soak;
  return {
    run_id: `00000000-0000-4000-8000-${seed.toString(16).padStart(12, '0')}`,
    ingest_mode: 'realws',
    psi_actions: pick(random, ['on', 'on', 'on', 'on', 'logonly', 'off']),
    policy: chance(random, 0.85) ? 'adaptive' : 'classic',
    parameters: chance(random, 0.5) ? soak.policy : drawParameters(random, soak.policy),
    thresholds: {},
    duration_s,
    interval_s: 5,
    calibrate: pick(random, ['before', 'before', 'live']),
    apply: chance(random, 0.8) ? 'restart' : 'reload',
    leave: 'as-found',
    original_sample_every: pick(random, [1, 1, 1, null, 5, 3, 50]),
    was_running: chance(random, 0.5),
    manager: { name: 'system', why: 'simulated' },
    unit: 'hybrid-engine.service',
  };
}

/** Other than the defaults, as an operator may set them: short and long times, small budgets, no calibration. */
function drawParameters(random: Random, defaults: SoakPolicy): SoakPolicy {
  return {
    ...defaults,
    calibrate_s: pick(random, [0, 10, 30, 120]),
    sustain_s: pick(random, [0, 10, 30]),
    cooldown_s: pick(random, [10, 30, 120]),
    recover_hold_s: pick(random, [15, 60, 180]),
    max_restarts_per_hour: pick(random, [0, 1, 3, 12, 40]),
    stall_threshold_s: pick(random, [15, 45, 120]),
    stall_grace_s: pick(random, [5, 15, 30]),
    max_stall_restarts: pick(random, [1, 3, 10]),
    quiet_limit_s: pick(random, [60, 300, 900]),
    abort_after_s: pick(random, [10, 30, 120]),
  };
}
