import { z } from 'zod';
import { POLICIES, PSI_ACTIONS } from './modes.ts';
import { policySchema } from './policy.ts';
import { observationSchema } from './sample.ts';

const options = z
  .object({
    run_id: z.string(),
    ingest_mode: z.string(),
    psi_actions: z.enum(PSI_ACTIONS),
    policy: z.enum(POLICIES),
    parameters: policySchema,
    thresholds: z.record(z.string(), z.number()).describe('what is absent is not judged'),
    abort_on: z.array(z.string()).optional().describe('thresholds that end the soak once they are missed'),
    retain_days: z.number().optional(),
    duration_s: z.number(),
    interval_s: z.number(),
    apply: z.enum(['restart', 'reload']),
    leave: z.enum(['as-found', 'running', 'stopped']),
    original_sample_every: z.number().int().nullable().describe('as found; null if the key was absent'),
    was_running: z.boolean(),
    manager: z.object({
      name: z.enum(['system', 'user', 'embedded']),
      why: z.string(),
      details: z.string().optional().describe('what the managers answered that were asked before this one'),
    }),
    unit: z.string(),
    torn_line_kept_in: z.string().optional(),
  })
  .describe('with the observations they determine every decision');

/** First line of a samples file: the soak's options and the machine it runs on. */
export const samplesHeaderSchema = z.object({
  v: z.literal(1),
  kind: z.literal('header'),
  options,
  environment: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
});

/** A line of `data/ops/soak_samples.jsonl`. */
export const samplesLineSchema = z.union([samplesHeaderSchema, observationSchema]);
