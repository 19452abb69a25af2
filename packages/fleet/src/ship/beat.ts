import { VERSION } from '@hybrid-soak/contract/version.ts';
import type { KV } from '@nats-io/kv';
import { BEAT_MS, putStatus } from '../hosts.ts';
import type { Reader } from './database.ts';
import { lastLine } from './last-line.ts';
import type { ShipSession } from './session.ts';

interface Decision {
  state?: string;
  action?: string;
  verdict?: string;
}

type Parts = Record<string, { part?: number | null } | undefined>;

export interface BeatOptions {
  open: ShipSession;
  bucket: KV;
  reader: Reader;
  decisions: string;
  samples: string;
  /** Of each resource's part, percent. */
  limit: Record<string, number>;
  pause(ms: number): Promise<unknown>;
  signal: AbortSignal;
}

/** Says every few seconds how this host is, until the signal; once at least. */
export async function beat(options: BeatOptions): Promise<void> {
  const { open, bucket, reader, decisions, samples, limit, pause, signal } = options;
  const { host, shipped, fresh } = open;
  let [before, at] = [0, performance.now()];
  do {
    const ticks = shipped.get('ticks') ?? 0;
    const now = performance.now();
    const decision = parsed<Decision>(lastLine(decisions));
    const { parts = {} } = parsed<{ parts?: Parts }>(lastLine(samples));
    const { connection, coverage, lag } = reader.status(shipped.get('ticks.done') ?? 0);
    const freshAt = fresh.get('ticks');
    await putStatus(bucket, {
      host,
      version: VERSION,
      at_ms: Date.now(),
      rung: decision.state ?? null,
      action: decision.action ?? null,
      verdict: decision.verdict ?? null,
      part: Object.fromEntries(Object.keys(limit).map((name) => [name, parts[name]?.part ?? null])),
      limit,
      connection,
      coverage_percent: coverage,
      rows_per_s: now === at ? 0 : ((ticks - before) * 1000) / (now - at),
      lag_rows: lag,
      lag_s: freshAt === undefined ? null : (now - freshAt) / 1000,
    });
    [before, at] = [ticks, now];
    await pause(BEAT_MS);
  } while (!signal.aborted);
}

function parsed<T extends object>(line: string | null): Partial<T> {
  try {
    return line === null ? {} : (JSON.parse(line) as Partial<T>);
  } catch {
    return {};
  }
}
