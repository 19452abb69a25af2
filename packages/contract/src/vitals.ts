import { z } from 'zod';

const count = z.number().int().nonnegative();
const measure = z.number().nonnegative();

/**
 * `engine_status.vitals`: JSON, null from engines that do not report it. A key that is absent was not measured.
 * Counts are since the start of the process.
 */
export const vitalsSchema = z
  .object({
    latency_us: z
      .object({ p50: measure, p99: measure, max: measure })
      .nullable()
      .describe('frame received to row committed, over the last minute; null without a commit of ticks'),
    loop_delay_p99_ms: measure,
    queue_depth: count.describe('ticks waiting for the writer'),
    reconnects: count,
    unaccounted: z.number().int().describe('frames that are in no counter; 0, or a bug'),
    cpu_usec: measure.describe('CPU time of the process'),
    wal_blocked_s: measure.describe(
      'how long a reader has kept the WAL past its bound from being checkpointed; 0 if none',
    ),
    descriptors: count,
    descriptor_limit: count.describe('RLIMIT_NOFILE'),
    threads: count,
    heap_bytes: measure,
    private_bytes: measure,
    floor: z
      .object({ mono_ms: measure, heap_bytes: measure, private_bytes: measure })
      .nullable()
      .describe('memory right after the last forced collection'),
    connected_ms: measure,
    gaps_open: count,
    trades_missing: count,
    duplicates: count,
    failovers: count,
    sources: z
      .record(z.string(), z.object({ connected_ms: measure, reconnects: count, failovers: count }))
      .describe('by the name of the source'),
    open_gaps: z
      .array(z.object({ source: z.string(), market: z.string(), gaps: count, missing: count }))
      .describe('the twenty with the most trades missing, by the source that found them and by market'),
  })
  .partial();

export type Vitals = z.infer<typeof vitalsSchema>;
