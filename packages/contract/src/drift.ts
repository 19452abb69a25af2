import { z } from 'zod';

/** What may creep, and what its slope is by. Memory is judged on its floors, the rest on medians of a minute. */
export const DRIFT_SIGNALS = [
  'heap',
  'private_memory',
  'descriptors',
  'threads',
  'cpu_per_frame',
  'commit_latency',
  'database',
] as const;
export type DriftSignal = (typeof DRIFT_SIGNALS)[number];

/** As the slopes are shown. */
export const SLOPE_UNITS: Readonly<Record<DriftSignal, string>> = {
  heap: 'MiB/h',
  private_memory: 'MiB/h',
  descriptors: '/h',
  threads: '/h',
  cpu_per_frame: 'µs per million frames',
  commit_latency: 'ms/h',
  database: 'bytes a row',
};

/** A piece with fewer points after its warm-up says nothing. */
export const LEAST_POINTS = 4;
const WARM_UP_FLOORS = 3;

/** Milliseconds at the start of each life that no slope is over. */
export const warmUpOf = (floorEveryMs: number, durationS: number): number =>
  Math.min(WARM_UP_FLOORS * floorEveryMs, (durationS * 1000) / 4);

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
