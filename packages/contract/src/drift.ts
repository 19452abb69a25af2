import { z } from 'zod';
import { DRIFT_SIGNALS } from './drift-signals.ts';

/** How one signal changed; slope and interval are null if there is too little to tell. */
export const driftSchema = z.object({
  signal: z.enum(DRIFT_SIGNALS),
  unit: z.string(),
  slope: z.number().nullable(),
  low: z.number().nullable().describe('the lower end of the 95 % interval'),
  high: z.number().nullable(),
  points: z.number().int(),
  drift: z.boolean().describe('the interval excludes zero, and the threshold is passed or the limit is near'),
  threshold: z.number().nullable(),
  limit_in_h: z.number().nullable().describe('hours until MemoryMax, RLIMIT_NOFILE or the disk is full at this slope'),
  text: z.string(),
});

export type Drift = z.infer<typeof driftSchema>;

/** What part of the market was seen; counts are over all lives of the engine within the soak. */
export const completenessSchema = z.object({
  coverage_percent: z.number().nullable().describe('of the trades of the time connected; null if nothing was numbered'),
  connected_s: z.number().describe('of all sources together'),
  connected_percent: z.number().describe('of the soak with a source connected'),
  trades_missing: z.number().int(),
  gaps_open: z.number().int(),
  duplicates: z.number().int().describe('trades that were refused because they were there already'),
  dropped: z.number().int(),
  failovers: z.number().int(),
  reconnects: z.number().int(),
  sources: z
    .array(
      z.object({
        name: z.string(),
        connected_s: z.number(),
        connected_percent: z.number().describe('of the soak'),
        reconnects: z.number().int(),
        failovers: z.number().int().describe('times that it stood in for a better one'),
      }),
    )
    .default([]),
  gaps: z
    .array(
      z.object({
        source: z.string(),
        market: z.string(),
        gaps_open: z.number().int(),
        trades_missing: z.number().int(),
      }),
    )
    .default([])
    .describe('where trades are missing'),
});

export type Completeness = z.infer<typeof completenessSchema>;
