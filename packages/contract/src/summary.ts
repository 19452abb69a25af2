import { z } from 'zod';
import { VERDICTS } from './decision-fields.ts';
import { completenessSchema, driftSchema } from './drift.ts';
import { RUNGS } from './ladder.ts';
import { INGEST_MODES, POLICIES, PSI_ACTIONS } from './modes.ts';
import { RESOURCES } from './psi.ts';
import { TIME_CLASSES } from './time-classes.ts';

const byResource = <T extends z.ZodType>(value: T) => z.record(z.enum(RESOURCES), value);
const percentiles = z.object({ p50: z.number(), p95: z.number(), p99: z.number() });

/** `data/ops/summary.json`: the last soak in numbers, for programs that decide by it. */
export const summarySchema = z.object({
  v: z.literal(2).describe('version of this shape'),
  run_id: z.string(),
  ended: z.string().describe('UTC, microseconds, Z'),
  ingest_mode: z.enum(INGEST_MODES),
  psi_actions: z.enum(PSI_ACTIONS),
  policy: z.enum(POLICIES),
  verdict: z.enum(VERDICTS),
  reason: z.string(),
  exit_code: z.number().int().describe("the command's own"),
  thresholds: z.array(
    z.object({
      name: z.string(),
      limit: z.number(),
      seen: z.number(),
      ok: z.boolean(),
      near: z.boolean().default(false).describe('kept within a fifth of the limit'),
    }),
  ),
  duration_s: z.number().describe("from the engine's first start"),
  time_per_rung_s: z.record(z.enum(RUNGS), z.number()),
  restarts: z.number().int(),
  stalls: z.number().int(),
  engine_exits: z.number().int().describe('that the supervisor did not ask for'),
  ticks: z.number().int().describe('rows that the engine wrote meanwhile'),
  ticks_per_second: z.number(),
  baseline: byResource(z.number().nullable()).nullable().describe('median pressure without the engine, percent'),
  pressure: byResource(percentiles.nullable()).describe('stall time, percent of wall time; null where unavailable'),
  calibrated_s: z.number().describe('of calibration before the first start; not part of the duration'),
  classes_s: z.record(z.enum(TIME_CLASSES), z.number()).describe('seconds; they sum to duration_s'),
  ambient_s: z.number().describe("seconds with the pressure over a limit and the engine's part below it"),
  others_pressure: byResource(percentiles.nullable()).describe("the pressure less the engine's part, percent"),
  effect_usec_per_frame: z.record(z.string(), z.number()).describe('CPU time a received frame that each rung saved'),
  drift: z.array(driftSchema).default([]),
  completeness: completenessSchema.nullable().default(null),
  files: z.object({ decisions: z.string(), samples: z.string(), database: z.string() }),
});

export type Summary = z.infer<typeof summarySchema>;
