import type { Vitals } from '@hybrid-soak/contract/vitals.ts';
import type { Feed } from '../feeds/feed.ts';
import type { Pipeline } from '../pipeline.ts';
import type { Measured } from '../process/exposition.ts';
import type { Watched } from '../process/health.ts';
import type { Log } from '../process/log.ts';
import type { StatusRow } from '../store/rows/batch.ts';
import type { Writer } from '../store/writer.ts';

/** Markets with gaps that the heartbeat names: it is written each second. */
const MOST_GAPS = 20;

/** The parts of a run that say how it is. */
export interface RunParts {
  pipeline: Pipeline;
  writer: Writer;
  feed: Feed;
  startedMs: number;
}

export function statusRow(
  { pipeline, writer, feed, startedMs }: RunParts,
  vitals: Vitals,
  stopped: boolean,
): StatusRow {
  const { counters } = pipeline;
  return {
    startedMs,
    invocationId: process.env['INVOCATION_ID'] ?? null,
    framesReceived: counters.received,
    drops: counters.dropped,
    connection: stopped ? 'stopped' : feed.state(),
    connectionState: stopped ? 'stopped' : feed.connection(),
    tradeFramesKept: counters.trade_frames_kept,
    tradeFramesSampledOut: counters.sampled_out,
    sampleEvery: pipeline.sampler.every,
    counters: JSON.stringify(pipeline.totals()),
    vitals: vitalsOf(pipeline, writer, vitals),
  };
}

/** What the metrics say. */
export function measured({ pipeline, writer, feed, startedMs }: RunParts, vitals: Vitals, log: Log): Measured {
  const { counters: c } = pipeline;
  const { kept, sampled_out, duplicates, history, control, ignored, malformed, dropped } = c;
  return {
    received: c.received,
    frames: { kept, sampled_out, duplicates, history, control, ignored, malformed, dropped },
    trades: {
      tick: c.ticks,
      duplicate: c.trade_duplicates,
      past: c.trades_past,
      dropped: c.trades_dropped,
      quarantined: c.trades_quarantined,
      print_ignored: c.prints_ignored,
    },
    ticksCommitted: writer.committedTicks(),
    dropped,
    isConnected: feed.connection() === 'connected',
    sampleEvery: pipeline.sampler.every,
    walBytes: writer.wal().bytes,
    logLinesDropped: log.droppedLines(),
    startedMs,
    vitals: vitalsOf(pipeline, writer, vitals),
  };
}

function vitalsOf(pipeline: Pipeline, writer: Writer, ofProcess: Vitals): Vitals {
  return {
    ...ofProcess,
    connected_ms: pipeline.coverage.connectedMs(),
    reconnects: Math.max(0, pipeline.coverage.begun('connected') - 1),
    failovers: pipeline.coverage.begun('failover'),
    queue_depth: writer.pendingTicks(),
    unaccounted: pipeline.unaccounted(),
    duplicates: pipeline.counters.trade_duplicates,
    sources: pipeline.coverage.bySource(),
    open_gaps: pipeline.openGaps.worst(MOST_GAPS),
    gaps_open: pipeline.openGaps.count,
    trades_missing: pipeline.openGaps.missing,
    wal_blocked_s: Math.round(writer.wal().blockedS * 10) / 10,
  };
}

/** One line for `systemctl status`. */
export function statusLine({ pipeline, feed }: RunParts): string {
  const { ticks, received } = pipeline.counters;
  return `${feed.state()}, 1 in ${pipeline.sampler.every}: ${received} frames, ${ticks} ticks`;
}

/** The run as it is watched. */
export function watched(parts: RunParts, log: Log, jumped: () => void, end: Watched['end']): Watched {
  const { pipeline, writer, feed } = parts;
  return {
    progress: () => ({
      dropped: pipeline.counters.dropped,
      malformed: pipeline.counters.malformed,
      commits: writer.commits(),
      isHalfFull: () => pipeline.isHalfFull(writer.pendingTicks()),
    }),
    totals() {
      const [pending, unaccounted] = [writer.pendingTicks(), pipeline.unaccounted()];
      const log_lines_dropped = log.droppedLines();
      return { ...pipeline.totals(), unaccounted, pending, log_lines_dropped, connection: feed.state() };
    },
    status: () => statusLine(parts),
    jumped,
    end,
  };
}
