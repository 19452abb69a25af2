import { configSchema } from '@hybrid-soak/contract/config.ts';
import type { SoakPolicy } from '@hybrid-soak/contract/policy.ts';
import type { SoakOptions } from '@hybrid-soak/supervisor/core/options.ts';
import type { NeighbourSpec } from './model/neighbour.ts';
import { FLAT, type Wave } from './model/wave.ts';
import { between, chance, pick, type Random } from './random.ts';

const TROUBLES = [
  /** The engine's loop stands still; it spins; it lives and writes no row. */
  'freeze',
  'spin',
  'wedge',
  /** It ends with 1, 13, 12; somebody stops it, and starts it again. */
  'crash',
  'overload',
  'refused',
  'stopped',
  /** No trades; no source. */
  'quiet',
  'away',
  /** Sensors. */
  'no-psi',
  'no-cgroup',
  'no-share',
  'no-progress',
  /** The supervisor itself. */
  'wall-jump',
  'late',
  'paused',
] as const;

/** Something that goes wrong from `at` until `until`, seconds of the run. */
export interface Trouble {
  kind: (typeof TROUBLES)[number];
  at: number;
  until: number;
  /** Whether a restart ends it. */
  curable: boolean;
}

/** More work for the engine: `cpus` that no rung takes away, or a `factor` on what a kept frame costs. */
export interface Hog {
  kind: 'cpus' | 'frames';
  at: number;
  until: number;
  factor: number;
}

export interface EngineSpec {
  /** Frames a second at the wave's height. */
  rate: number;
  wave: Wave;
  receive_us: number;
  keep_us: number;
  base_us_per_s: number;
  threads: number;
  startup_cpu_s: number;
  connect_ms: number;
  stop_ms: number;
  quota: number | null;
  io_bytes_per_row: number;
  io_ops_per_row: number;
  memory_mib: number;
}

/** One run's host, engine, supervisor and faults, drawn from its seed. */
export interface Scenario {
  options: SoakOptions;
  cpus: number;
  disk: { bytes_per_s: number; ops_per_s: number };
  memory_mib: number;
  engine: EngineSpec;
  hogs: Hog[];
  neighbours: NeighbourSpec[];
  troubles: Trouble[];
  /** Whether the unit has a cgroup of its own; without, its processes are read. */
  cgroup: boolean;
  /** How far the looks are off their grid, ms. */
  jitter_ms: number;
  /** The supervisor is kept from running for `late_ms` of every `every_ms`; 0: never. */
  delays: { every_ms: number; late_ms: number };
  effectFails: number;
  effectSlow: number;
  /** Share of effects whose outcome never comes. */
  effectLost: number;
  signalAt: number | null;
  abortAt: number | null;
}

/** What every host does besides. */
export const BACKGROUND: NeighbourSpec = {
  from_s: 0,
  until_s: 1e9,
  threads: 2,
  demand: 0.01,
  wave: FLAT,
  quota: null,
  io_bytes_per_s: 50_000,
  io_ops_per_s: 5,
  memory_mib: 50,
};

export const CALM_ENGINE: EngineSpec = {
  rate: 200,
  wave: FLAT,
  receive_us: 20,
  keep_us: 150,
  base_us_per_s: 5000,
  threads: 1,
  startup_cpu_s: 1,
  connect_ms: 1000,
  stop_ms: 300,
  quota: null,
  io_bytes_per_row: 300,
  io_ops_per_row: 0.02,
  memory_mib: 60,
};

export function defaultOptions(seed: number, duration_s: number): SoakOptions {
  const soak = configSchema.parse({}).soak;
  const options: Omit<SoakOptions, 'calibrate'> = {
    run_id: `00000000-0000-4000-8000-${seed.toString(16).padStart(12, '0')}`,
    ingest_mode: 'realws',
    psi_actions: 'on',
    policy: 'adaptive',
    parameters: soak.policy,
    thresholds: soak.thresholds,
    duration_s,
    interval_s: 5,
    apply: 'restart',
    leave: 'as-found',
    original_sample_every: 1,
    was_running: false,
    manager: { name: 'system', why: 'simulated' },
    unit: 'hybrid-engine.service',
  };
  return options as SoakOptions;
}

export function drawScenario(random: Random, seed: number, hours: number): Scenario {
  const seconds = hours * 3600;
  const cpus = pick(random, [2, 2, 2, 4, 8]);
  const faulty = chance(random, 0.3);
  const hasCgroup = chance(random, 0.8);
  const engine = drawEngine(random, cpus);
  return {
    options: drawOptions(random, seed, seconds),
    cpus,
    disk: { bytes_per_s: between(random, 20e6, 500e6), ops_per_s: between(random, 100, 20_000) },
    memory_mib: pick(random, [2048, 8192, 32_768]),
    // A quota is a cgroup's.
    engine: hasCgroup ? engine : { ...engine, quota: null },
    hogs: chance(random, 0.5) ? drawHogs(random, cpus, seconds) : [],
    neighbours: drawNeighbours(random, cpus, seconds),
    troubles: drawTroubles(random, seconds),
    cgroup: hasCgroup,
    jitter_ms: pick(random, [0, 30, 30, 200]),
    delays: chance(random, 0.1)
      ? { every_ms: 9000, late_ms: between(random, 1000, 8000) }
      : { every_ms: 0, late_ms: 0 },
    effectFails: faulty ? between(random, 0, 0.3) : 0,
    effectSlow: faulty ? between(random, 0, 0.4) : 0,
    effectLost: faulty && chance(random, 0.2) ? 0.1 : 0,
    signalAt: chance(random, 0.04) ? between(random, 0, seconds) : null,
    abortAt: chance(random, 0.04) ? between(random, 0, seconds) : null,
  };
}

function drawWave(random: Random): Wave {
  const low = between(random, 0, 0.6);
  switch (pick(random, ['flat', 'flat', 'square', 'square', 'sine', 'jumps'] as const)) {
    case 'flat':
      return FLAT;
    case 'square': {
      const on_s = pick(random, [2, 5, 20, 60, 180, 600]);
      const off_s = chance(random, 0.5) ? on_s : pick(random, [2, 5, 20, 60, 180, 600]);
      return { kind: 'square', on_s, off_s, low, from_s: Math.round(between(random, 0, on_s)) };
    }
    case 'sine':
      return { kind: 'sine', period_s: between(random, 120, 7200), low };
    default:
      return { kind: 'jumps', every_s: pick(random, [10, 60, 60, 300]), low, seed: Math.floor(random() * 1e6) };
  }
}

/** Its own CPU use at NORMAL is drawn, then the costs of a frame that make it so. */
function drawEngine(random: Random, cpus: number): EngineSpec {
  const rate = pick(random, [0.2, 2, 20, 200, 200, 2000]);
  const threads = pick(random, [1, 1, 2, Math.min(4, cpus)]);
  const use = chance(random, 0.4) ? between(random, 0.01, 0.1) : between(random, 0.05, threads * 0.9);
  const kept = between(random, 0.3, 0.95);
  return {
    ...CALM_ENGINE,
    rate,
    wave: chance(random, 0.5) ? FLAT : drawWave(random),
    keep_us: Math.min(2e6, (use * 1e6 * kept) / rate),
    receive_us: Math.min(5e5, (use * 1e6 * (1 - kept)) / rate),
    threads,
    startup_cpu_s: pick(random, [0.5, 1, 3, 10, 25]),
    connect_ms: between(random, 300, 4000),
    stop_ms: between(random, 100, 3000),
    quota: chance(random, 0.12) ? between(random, 0.1, cpus * 0.8) : null,
    io_bytes_per_row: pick(random, [300, 300, 5000]),
    io_ops_per_row: pick(random, [0.02, 0.02, 0.5]),
    memory_mib: pick(random, [60, 60, 200]),
  };
}

function drawHogs(random: Random, cpus: number, seconds: number): Hog[] {
  return Array.from({ length: chance(random, 0.7) ? 1 : 2 }, () => {
    const at = between(random, 60, seconds * 0.7);
    const until = at + pick(random, [60, 300, 1200, 2400, seconds]);
    const kind = pick(random, ['cpus', 'frames'] as const);
    return { kind, at, until, factor: kind === 'cpus' ? between(random, 0.3, cpus) : between(random, 2, 40) };
  });
}

function drawNeighbours(random: Random, cpus: number, seconds: number): NeighbourSpec[] {
  const count = Math.floor(between(random, 0, 4));
  const background = { ...BACKGROUND, until_s: seconds * 2 };
  const others = Array.from({ length: count }, () => {
    const always = chance(random, 0.5);
    const from_s = always ? 0 : between(random, 0, seconds * 0.8);
    return {
      from_s,
      until_s: always ? seconds * 2 : from_s + between(random, 60, seconds),
      threads: pick(random, [1, 1, 2, cpus, cpus * 2]),
      demand: pick(random, [0.1, 0.3, 0.6, 1, 1]),
      wave: drawWave(random),
      quota: chance(random, 0.1) ? between(random, 0.2, cpus) : null,
      io_bytes_per_s: chance(random, 0.3) ? between(random, 1e6, 400e6) : 0,
      io_ops_per_s: chance(random, 0.3) ? between(random, 10, 5000) : 0,
      memory_mib: pick(random, [50, 200, 1000]),
    };
  });
  return [background, ...others];
}

function drawTroubles(random: Random, seconds: number): Trouble[] {
  const count = chance(random, 0.5) ? 0 : Math.floor(between(random, 1, 6));
  return Array.from({ length: count }, () => {
    const at = Math.round(between(random, 60, seconds));
    const kind = pick(random, TROUBLES);
    const lasts = kind === 'paused' ? between(random, 40, 3600) : between(random, 5, 600);
    return { kind, at, until: Math.round(at + lasts), curable: chance(random, 0.6) };
  });
}

function drawOptions(random: Random, seed: number, duration_s: number): SoakOptions {
  const options = defaultOptions(seed, duration_s);
  return {
    ...options,
    psi_actions: pick(random, ['on', 'on', 'on', 'on', 'on', 'on', 'logonly', 'off']),
    policy: chance(random, 0.93) ? 'adaptive' : 'classic',
    parameters: chance(random, 0.6) ? options.parameters : drawParameters(random, options.parameters),
    apply: chance(random, 0.85) ? 'restart' : 'reload',
    original_sample_every: pick(random, [1, 1, 1, 1, null, 5, 3, 50]),
    was_running: chance(random, 0.5),
  };
}

/** Other than the defaults, as an operator may set them: budgets of 0, 1, 3, another patience with stalls. */
function drawParameters(random: Random, defaults: SoakPolicy): SoakPolicy {
  return {
    ...defaults,
    calibrate_s: pick(random, [0, 10, 30]),
    max_restarts_per_hour: pick(random, [0, 1, 3, 12]),
    stall_threshold_s: pick(random, [20, 45, 120]),
    stall_grace_s: pick(random, [5, 15, 30]),
    max_stall_restarts: pick(random, [1, 3]),
    quiet_limit_s: pick(random, [120, 300, 900]),
  };
}
