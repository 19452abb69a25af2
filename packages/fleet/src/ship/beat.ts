import { VERSION } from '@hybrid-soak/contract/version.ts';
import { BEAT_MS, type HostStatus, hostsBucket, putStatus } from '../hosts.ts';
import type { ChosenSettings } from '../settings.ts';
import type { Reader } from './database.ts';
import { lastLine } from './last-line.ts';
import type { ShipSession } from './session.ts';

interface Decision {
  state?: string;
  action?: string;
  verdict?: string;
}

const STOPPED = { connection: null, coverage: null, lag: 0 };

type Parts = Record<string, { part?: number | null } | undefined>;

export interface BeatOptions {
  open: ShipSession;
  settings: ChosenSettings;
  /** Null while the engine has stopped. */
  reader: Reader | null;
  decisions: string;
  samples: string;
  pause(ms: number): Promise<unknown>;
  /** One line for people, if the host cannot say how it is: once until it can again. */
  log: (text: string) => void;
  signal: AbortSignal;
  /** The status is said once more at the end, although the signal has come then. */
  once: boolean;
}

/**
 * Says every few seconds how this host is, until the signal; once at least. What goes wrong with one time (a database that is locked, a
 * server that is slow) does not keep it from the next. Rejects when the connection is lost.
 */
export async function beat(options: BeatOptions): Promise<void> {
  const { open, settings, pause, log, signal, once } = options;
  const look = statusOf(options);
  let failed = '';
  do {
    try {
      await putStatus(await hostsBucket(open.client, settings.replicas), look());
      failed = '';
    } catch (error) {
      const { message } = error as Error;
      if (failed !== message && (!signal.aborted || once)) log(`status: ${message}`);
      failed = message;
    }
    await pause(BEAT_MS);
  } while (!signal.aborted);
}

/** How the host is at each call; rows a second are those since the call before. */
function statusOf({ open, settings, reader, decisions, samples }: BeatOptions): () => HostStatus {
  const { host, shipped, fresh } = open;
  const { limit } = settings;
  let [before, at] = [0, performance.now()];
  return () => {
    const ticks = shipped.get('ticks') ?? 0;
    const now = performance.now();
    const rows = ((ticks - before) * 1000) / Math.max(now - at, 1);
    [before, at] = [ticks, now];
    const decision = parsed<Decision>(lastLine(decisions));
    const { parts = {} } = parsed<{ parts?: Parts }>(lastLine(samples));
    const { connection, coverage, lag } = reader?.status(shipped.get('ticks.done') ?? 0) ?? STOPPED;
    const freshAt = fresh.get('ticks');
    return {
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
      rows_per_s: rows,
      lag_rows: lag,
      lag_s: freshAt === undefined ? null : (now - freshAt) / 1000,
    };
  };
}

function parsed<T extends object>(line: string | null): Partial<T> {
  try {
    return line === null ? {} : (JSON.parse(line) as Partial<T>);
  } catch {
    return {};
  }
}
