import { z } from 'zod';
import { completenessSchema, driftSchema } from './drift.ts';
import { RUNGS } from './ladder.ts';
import { RESOURCES } from './psi.ts';
import { requestedSchema } from './soak-request.ts';
import { TIME_CLASSES } from './time-classes.ts';

/** Why a rung stays where it is. */
export const HOLDS = ['ambient', 'quota', 'unknown', 'budget', 'busy', 'progress', 'abort', 'measured'] as const;
export type HoldCode = (typeof HOLDS)[number];
/** What brought a rung change, a restart or an ABORT. */
export const CAUSES = [
  'pressure',
  'overload',
  'recovery',
  'stall',
  'budget',
  'operator',
  'start',
  'threshold',
] as const;
/** Why no row came although the engine is alive. */
export const QUIETS = ['no trades', 'sampled', 'disconnected'] as const;
export type QuietReason = (typeof QUIETS)[number];
export const VERDICTS = ['PASS', 'FAIL', 'INCONCLUSIVE', 'CONFIG_ERROR'] as const;
const byResource = <T extends z.ZodType>(value: T) => z.object({ cpu: value, memory: value, io: value });
const percentiles = z.object({ p50: z.number(), p95: z.number(), p99: z.number() });
const numbers = z.record(z.string(), z.number());
const code = z.number().int().nullable();

/**
 * `some avg10` as a number. Other tools write a number as text, and -1 for a read that failed: the one is read, the other
 * is missing.
 */
const avg10 = z
  .preprocess(
    (value) => (typeof value === 'string' && value.trim() !== '' ? Number(value) : value),
    z.number().min(0).optional(),
  )
  .describe('percent of wall time in which tasks waited');
const raw = z.string().optional().describe("the kernel's line, byte for byte");

/** The pressure as it was read, flat; absent if it could not be read. */
export const psiFields = {
  cpu_some_raw: raw,
  cpu_some_avg10: avg10.optional(),
  cpu_full_raw: raw,
  cpu_full_avg10: avg10.optional(),
  memory_some_raw: raw,
  memory_some_avg10: avg10.optional(),
  memory_full_raw: raw,
  memory_full_avg10: avg10.optional(),
  io_some_raw: raw,
  io_some_avg10: avg10.optional(),
  io_full_raw: raw,
  io_full_avg10: avg10.optional(),
};

/** What an action may add to its record; the same name is the same thing in all records. */
export const FIELDS = {
  effect: z
    .enum(['start', 'stop', 'restart', 'set-rung', 'restore'])
    .describe('what this record begins, or the end of'),
  effect_id: z.number().int(),
  ok: z.boolean(),
  took_ms: z.number(),
  error: z.string(),
  invocation_id: z.string().nullable(),
  unit_pid: z.number().nullable(),
  unit: z.string(),
  manager: z.enum(['system', 'user', 'embedded']),
  manager_details: z.string().describe('what the managers answered that were asked before this one'),
  original_sample_every: z.number().int().nullable(),
  was_running: z.boolean(),
  duration_s: z.number(),
  interval_s: z.number(),
  calibrate_s: z.number(),
  calibrated_s: z.number(),
  apply: z.enum(['restart', 'reload']),
  leave: z.enum(['as-found', 'running', 'stopped']),
  limit: byResource(z.number()).describe("percent; of the engine's part, or of `some avg10` under classic"),
  parameters: numbers.describe('of the policy'),
  thresholds: z.union([
    z.array(
      z.object({
        name: z.string(),
        limit: z.number(),
        seen: z.number(),
        ok: z.boolean(),
        near: z.boolean().optional(),
      }),
    ),
    numbers,
  ]),
  abort_on: z.array(z.string()).describe('thresholds that end the soak once they are missed'),
  retain_days: z.number(),
  drift: z.array(driftSchema),
  completeness: completenessSchema,
  torn_line_kept_in: z.string(),
  requested: requestedSchema.describe('who asked for it from another machine'),
  baseline: byResource(z.number().nullable()).nullable().describe('median pressure without the engine, percent'),
  measurements: byResource(z.number()),
  attempt: z.number().int(),
  seconds_since_progress: z.number(),
  ticks_count: z.number(),
  last_tick_ts: z.number().nullable(),
  heartbeat_age_s: z.number().nullable(),
  stall_streak: z.number().int(),
  over: z.array(z.enum(RESOURCES)).describe('resources whose part is over its limit'),
  share: byResource(z.number().nullable()).describe('what the engine used of all that was used, percent'),
  part: byResource(z.number().nullable()).describe("the host's stall time that is the engine's doing, percent"),
  hold: z.enum(HOLDS).describe('why the rung stays where it is'),
  cause: z.enum(CAUSES),
  quiet: z.enum(QUIETS),
  by: z.enum(['somebody', 'itself']).describe('who ended the engine'),
  end_reason: z.string().nullable().describe('as the engine itself recorded it'),
  effect_usec_per_frame: z
    .partialRecord(z.enum(RUNGS), z.number())
    .describe('CPU time a received frame that each rung saved'),
  pressure: z.union([byResource(z.number().nullable()), byResource(percentiles.nullable())]),
  held_for_s: z.number(),
  recover_hold_s: z.number(),
  from: z.enum(RUNGS).describe('the rung before'),
  from_sample_every: z.number().int(),
  exit_code: code,
  exit_name: z.string().nullable(),
  signal: code,
  result: z.string(),
  exits: z.number().int(),
  n_restarts: z.number().int(),
  would_be: z.enum(RUNGS),
  would_be_sample_every: z.number().int(),
  would_abort: z.literal(true),
  resource: z.enum(RESOURCES),
  waits_for: z.string(),
  verdict: z.enum(VERDICTS),
  time_per_rung_s: z.record(z.enum(RUNGS), z.number()),
  restarts: z.number().int(),
  stalls: z.number().int(),
  engine_exits: z.number().int(),
  ticks: z.number().int(),
  ticks_per_second: z.number(),
  classes_s: z.record(z.enum(TIME_CLASSES), z.number()).describe('seconds; they sum to duration_s'),
  // Of earlier versions: the limits that the pressure itself was held to.
  limits: byResource(z.number()),
  effective_limit: byResource(z.number().nullable()),
  ambient_s: z.number().describe("seconds with the pressure over a limit and the engine's part below it"),
  others_pressure: byResource(percentiles.nullable()).describe("the pressure less the engine's part, percent"),
};
