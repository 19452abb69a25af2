import { z } from 'zod';
import { CONNECTION_STATES } from './heartbeat.ts';
import { requestedSchema } from './soak-request.ts';
import { vitalsSchema } from './vitals.ts';

/**
 * One observation: all that `step` sees at one tick of the supervisor, and so, line by line, the samples file
 * `data/ops/soak_samples.jsonl`. Replaying a run is feeding these lines to `step` again.
 */
const reading = <T extends z.ZodType>(value: T) =>
  z.discriminatedUnion('available', [
    z.object({ available: z.literal(true), value }),
    z.object({ available: z.literal(false), why: z.string(), code: z.string().optional() }),
  ]);

const psiLine = z.object({
  raw: z.string(),
  avg10: z.number(),
  avg60: z.number(),
  avg300: z.number(),
  total: z.number(),
});
const psi = reading(z.object({ some: psiLine, full: psiLine.nullable() }));

/** One resource over the last seconds, sampled every second; all in percent, null if unknown. */
const part = z.object({
  /** The host's stall time on `some`, percent of wall time. */
  pressure: z.number().nullable(),
  /** What the engine used of all that was used. */
  share: z.number().nullable(),
  /** The mean of the samples' pressure x share, corrected: the stall that is the engine's doing. */
  part: z.number().nullable(),
  /** The same without the correction for the engine's own quota. */
  before_quota: z.number().nullable(),
});

export const observationSchema = z.object({
  /** Version of this shape. */
  v: z.literal(1),
  run_id: z.string(),
  /** Monotonic milliseconds; only differences mean anything. All durations are measured with it. */
  mono_ms: z.number(),
  /** UTC with microseconds and Z. Used for stamps alone. */
  wall: z.string(),
  /** On the interval's grid; false where an outcome or a request woke the loop before its time. */
  due: z.boolean(),
  /** Host pressure, /proc/pressure. */
  psi: z.object({ cpu: psi, memory: psi, io: psi }),
  /** The engine unit's own cgroup (v2). Quota fields are null where the cpu controller is not enabled. */
  cgroup: reading(
    z.object({
      cpu: psi,
      memory: psi,
      io: psi,
      usage_usec: z.number(),
      nr_throttled: z.number().nullable(),
      throttled_usec: z.number().nullable(),
      memory_bytes: z.number().nullable(),
      /** `memory.current` without reclaimable page cache and slab. */
      memory_in_use_bytes: z.number().nullable().optional(),
      /** `anon` and `kernel` of `memory.stat`: what the processes hold themselves. */
      memory_held_bytes: z.number().nullable().optional(),
      /** `memory.max` (MemoryMax=); null without a limit. */
      memory_max_bytes: z.number().nullable().optional(),
      /** Bytes and operations, read and written, of all devices in `io.stat`. */
      io_bytes: z.number().nullable().optional(),
      io_ops: z.number().nullable().optional(),
    }),
  ),
  /** Busy time of all CPUs since boot from the first line of /proc/stat, microseconds, and how many CPUs there are. */
  host_cpu: reading(
    z.object({
      busy_usec: z.number(),
      cpus: z.number(),
      /** Idle and waiting for I/O, all CPUs. */
      idle_usec: z.number().optional(),
    }),
  ),
  /** Bytes and operations, read and written, of all whole disks since boot (/proc/diskstats). */
  host_io: reading(z.object({ bytes: z.number(), ops: z.number() })).optional(),
  /** /proc/meminfo: `in_use_bytes` is MemTotal less MemAvailable. */
  host_memory: reading(z.object({ total_bytes: z.number(), in_use_bytes: z.number() })).optional(),
  /** The parts that the limits apply to, sampled every second; absent in lines of earlier versions. */
  parts: z.object({ cpu: part, memory: part, io: part }).optional(),
  /** Rows of `ticks` newer than the last seen, and the running count since the probe began. */
  progress: reading(
    z.object({
      new_rows: z.number(),
      ticks_count: z.number(),
      last_tick_ts: z.number().nullable(),
      probe_ms: z.number(),
    }),
  ),
  /** The engine's heartbeat row (`engine_status`); `age_ms` is wall time since its last flush. */
  heartbeat: reading(
    z.object({
      pid: z.number(),
      invocation_id: z.string().nullable(),
      last_flush_ms: z.number(),
      age_ms: z.number(),
      frames_received: z.number(),
      ticks_written: z.number(),
      drops: z.number(),
      /** Text for people; `connection_state` is what decides. */
      connection: z.string(),
      connection_state: z.enum(CONNECTION_STATES).optional(),
      sample_every: z.number(),
      /** Live trade frames since the start: handed to the mapper, and sampled out. */
      trade_frames_kept: z.number().nullable().optional(),
      trade_frames_sampled_out: z.number().nullable().optional(),
      /** What the process reports of itself. */
      vitals: vitalsSchema.nullable().optional(),
    }),
  ),
  /** The engine's processes in `/proc`: read unless a cgroup of its own accounts for CPU, memory and io. */
  process: reading(
    z.object({
      cpu_usec: z.number(),
      memory_bytes: z.number(),
      /** Time runnable and waiting for a CPU, all threads (`/proc/PID/task/TID/schedstat`). */
      run_delay_usec: z.number().nullable().optional(),
      io_bytes: z.number().nullable().optional(),
      io_ops: z.number().nullable().optional(),
    }),
  ).optional(),
  /** The engine's database and the file system that it is on. */
  files: reading(z.object({ database_bytes: z.number(), wal_bytes: z.number(), free_bytes: z.number() })).optional(),
  /** The engine's life that ended last (`engine_lives`). */
  life: reading(
    z.object({ invocation_id: z.string().nullable(), end_reason: z.string(), exit_code: z.number().nullable() }),
  ).optional(),
  /** The unit as its manager sees it (`systemctl show`). */
  unit: reading(
    z.object({
      active_state: z.string(),
      sub_state: z.string(),
      result: z.string(),
      main_pid: z.number(),
      invocation_id: z.string().nullable(),
      n_restarts: z.number(),
      /** Exit code of the last main process that exited, null while none has; `exec_main_code` is its CLD_* number. */
      exec_main_status: z.number().nullable(),
      exec_main_code: z.number().nullable(),
      control_group: z.string().nullable(),
    }),
  ),
  /** `[engine] sample_every` as it stands in the config file; null where the key is absent. */
  config: reading(z.object({ sample_every: z.number().nullable() })),
  /** Effects that have ended since the last observation. */
  outcomes: z.array(
    z.object({
      effect_id: z.number(),
      kind: z.enum(['start', 'stop', 'restart', 'set-rung', 'restore']),
      ok: z.boolean(),
      took_ms: z.number(),
      error: z.string().nullable(),
      invocation_id: z.string().nullable(),
      unit_pid: z.number().nullable(),
    }),
  ),
  /** What an operator asks for: the ABORT file's first line (or empty string), a signal. */
  requests: z.object({
    abort: z.string().nullable(),
    signal: z.enum(['SIGINT', 'SIGTERM']).nullable(),
    requested: requestedSchema.optional(),
  }),
});

export type Observation = z.infer<typeof observationSchema>;
export type ResourcePart = z.infer<typeof part>;
export type Parts = NonNullable<Observation['parts']>;
export type EffectOutcome = Observation['outcomes'][number];
export type ProcessReading = NonNullable<Observation['process']>;
export type UnitReading = Observation['unit'];
export type CgroupReading = Observation['cgroup'];
export type HostCpuReading = Observation['host_cpu'];
export type HostIoReading = NonNullable<Observation['host_io']>;
export type HostMemoryReading = NonNullable<Observation['host_memory']>;
export type FilesReading = NonNullable<Observation['files']>;
export type LifeReading = NonNullable<Observation['life']>;
export type ProgressReading = Observation['progress'];
export type HeartbeatReading = Observation['heartbeat'];
export type ConfigReading = Observation['config'];
