import type { Vitals } from '@hybrid-soak/contract/vitals.ts';
import { Counter, Gauge, Registry } from '@prometheus-io/client';

/** What is exposed, as of now. */
export interface Measured {
  frames: Readonly<Record<string, number>>;
  trades: Readonly<Record<string, number>>;
  received: number;
  ticksCommitted: number;
  dropped: number;
  isConnected: boolean;
  sampleEvery: number;
  walBytes: number;
  logLinesDropped: number;
  startedMs: number;
  vitals: Vitals;
}

type Sample = [labels: Record<string, string>, value: number | undefined];

/**
 * The text of one scrape, in base units (seconds, bytes) and with `_total` for what only grows:
 * https://prometheus.io/docs/practices/naming/. What was not measured has no sample.
 */
export function exposition(now: Measured): Promise<string> {
  const registry = new Registry();
  const add = (type: typeof Gauge | typeof Counter, name: string, help: string, samples: Sample[]) => {
    const known = samples.filter((sample): sample is [Record<string, string>, number] => sample[1] !== undefined);
    if (known.length === 0) return;
    const labelNames = Object.keys(known[0]?.[0] ?? {});
    const metric = new type({ name: `hybrid_engine_${name}`, help, labelNames, registers: [registry] });
    for (const [labels, value] of known) metric.inc(labels, value);
  };
  const gauge = (name: string, help: string, value: number | undefined) => add(Gauge, name, help, [[{}, value]]);
  const counter = (name: string, help: string, value: number | undefined) => add(Counter, name, help, [[{}, value]]);
  const byFate = (counts: Readonly<Record<string, number>>): Sample[] =>
    Object.entries(counts).map(([became, n]) => [{ became }, n]);
  const { vitals } = now;
  counter('frames_received_total', 'Frames received.', now.received);
  add(Counter, 'frames_total', 'Frames by what became of them.', byFate(now.frames));
  add(Counter, 'trades_total', 'Trades of mapped frames by what became of them.', byFate(now.trades));
  counter('ticks_written_total', 'Ticks committed to the database.', now.ticksCommitted);
  counter('drops_total', 'Frames that a full queue dropped.', now.dropped);
  counter('log_lines_dropped_total', 'Log lines dropped because stdout was not read.', now.logLinesDropped);
  counter('cpu_seconds_total', 'CPU time of the process.', seconds(vitals.cpu_usec));
  gauge('connected', '1 while connected to a source.', Number(now.isConnected));
  gauge('sample_every', 'One trade frame in this many is kept.', now.sampleEvery);
  gauge('queue_ticks', 'Ticks that wait for the disk.', vitals.queue_depth);
  gauge('unaccounted', 'Frames and trades that are in no counter; 0, or a bug.', vitals.unaccounted);
  gauge('wal_bytes', 'Size of the write-ahead log.', now.walBytes);
  gauge('wal_blocked_seconds', 'Age of a reader that keeps the WAL beyond its bound; 0 if none.', vitals.wal_blocked_s);
  gauge('heap_bytes', 'JavaScript heap in use, main thread.', vitals.heap_bytes);
  gauge('private_bytes', 'Private memory of the process.', vitals.private_bytes);
  gauge('open_descriptors', 'Open file descriptors.', vitals.descriptors);
  gauge('threads', 'Threads of the process.', vitals.threads);
  gauge('start_time_seconds', 'When the process started, Unix time.', now.startedMs / 1000);
  return registry.metrics();
}

const seconds = (usec: number | undefined) => (usec === undefined ? undefined : usec / 1e6);
