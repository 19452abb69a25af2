import { configSchema, type SoakPolicy } from '@hybrid-soak/contract/config.ts';
import type { Resource } from '@hybrid-soak/contract/psi.ts';
import type { Observation } from '@hybrid-soak/contract/sample.ts';
import type { SoakOptions } from '@hybrid-soak/supervisor/core/options.ts';

export type Unit = Extract<Observation['unit'], { available: true }>['value'];

/** What the host and the engine are like from now on; percentages are of `some`, shares of the host's use and stall. */
export interface Conditions {
  cpu: number;
  memory: number;
  io: number;
  /** The engine's share of the host's CPU use and of the io and memory stall; null: its cgroup cannot be read. */
  share: number | null;
  /** Percent of one CPU that the engine uses. */
  engineCpu: number;
  throttledPerS: number;
  /** `full` of the engine's own cgroup. */
  cgroupFull: number;
  rowsPerS: number;
  /** Whether the database can be read. */
  progress: boolean;
  /** Whether the heartbeat moves; null: none can be read. */
  heartbeat: boolean | null;
  connection: string;
  /** The process that the heartbeat is of. */
  enginePid: number;
  unit: Partial<Unit> | null;
  blind: Resource[];
  /** How the next effects end; null: their outcome does not come. */
  effects: 'ok' | 'fail' | null;
  abort: string | null;
  signal: 'SIGINT' | 'SIGTERM' | null;
}

export const PARAMETERS: SoakPolicy = configSchema.parse({}).soak.policy;

export const OPTIONS: SoakOptions = {
  run_id: '00000000-0000-4000-8000-000000000000',
  ingest_mode: 'realws',
  psi_actions: 'on',
  policy: 'adaptive',
  parameters: PARAMETERS,
  thresholds: {},
  duration_s: 7200,
  interval_s: 5,
  calibrate: 'live',
  apply: 'restart',
  leave: 'as-found',
  original_sample_every: 1,
  was_running: true,
  manager: { name: 'system', why: 'a test' },
  unit: 'hybrid-engine.service',
};

export const CALM: Conditions = {
  cpu: 0,
  memory: 0,
  io: 0,
  share: 0.5,
  engineCpu: 100,
  throttledPerS: 0,
  cgroupFull: 0,
  rowsPerS: 10,
  progress: true,
  heartbeat: true,
  connection: 'connected',
  enginePid: 42,
  unit: {},
  blind: [],
  effects: 'ok',
  abort: null,
  signal: null,
};
