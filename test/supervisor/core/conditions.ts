import { configSchema } from '@hybrid-soak/contract/config.ts';
import type { SoakPolicy } from '@hybrid-soak/contract/policy.ts';
import type { Resource } from '@hybrid-soak/contract/psi.ts';
import type { Observation } from '@hybrid-soak/contract/sample.ts';
import type { Vitals } from '@hybrid-soak/contract/vitals.ts';
import type { SoakOptions } from '@hybrid-soak/supervisor/core/options.ts';

export type Unit = Extract<Observation['unit'], { available: true }>['value'];

/** What the host and the engine are like from now on; pressures are of `some`, percent. */
export interface Conditions {
  cpu: number;
  memory: number;
  io: number;
  /** What the engine used of all that was used, 0 to 1; null: unknown. */
  share: number | null;
  /** Percentage points of the cpu part that the engine's own quota explains. */
  quota: number;
  /** Percent of one CPU that the engine uses; null: its cgroup cannot be read. */
  engineCpu: number | null;
  framesPerS: number;
  /** Trade frames a second that are kept, and sampled out; null: the heartbeat does not count them. */
  kept: number | null;
  sampledOut: number;
  /** `full` of the engine's own cgroup. */
  cgroupFull: number;
  rowsPerS: number;
  /** Whether the database can be read; a code if not. */
  progress: true | string;
  /** Whether the heartbeat moves; null: none can be read. */
  heartbeat: boolean | null;
  connection: 'starting' | 'connected' | 'disconnected' | 'stopped';
  /** What the engine says that it samples by; null: as the last rung says. */
  samples: number | null;
  drops: number;
  vitals: Vitals | null;
  /** The process that the heartbeat is of. */
  enginePid: number;
  unit: Partial<Unit> | null;
  /** The life of the engine that ended last. */
  life: { invocation_id: string; end_reason: string; exit_code: number | null } | null;
  blind: Resource[];
  /** How the next effects end: `left down` has written the rung and started nothing; null: their outcome does not come. */
  effects: 'ok' | 'fail' | 'left down' | null;
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
  quota: 0,
  engineCpu: 100,
  framesPerS: 100,
  kept: null,
  sampledOut: 0,
  cgroupFull: 0,
  rowsPerS: 10,
  progress: true,
  heartbeat: true,
  connection: 'connected',
  samples: null,
  drops: 0,
  vitals: null,
  enginePid: 42,
  unit: {},
  life: null,
  blind: [],
  effects: 'ok',
  abort: null,
  signal: null,
};
