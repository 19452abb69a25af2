import { VERSION } from '@hybrid-soak/contract/version.ts';
import type { KV } from '@nats-io/kv';
import { BEAT_MS, putStatus } from '../hosts.ts';
import type { Reader } from './database.ts';
import { lastLine } from './last-line.ts';
import type { Session } from './session.ts';

interface Decision {
  state?: string;
  action?: string;
  verdict?: string;
  pressure?: Record<string, number | null>;
  limit?: Record<string, number | null>;
}

/** Says every few seconds how this host is, until the signal. */
export async function beat(
  { host, shipped }: Session,
  bucket: KV,
  reader: Reader,
  decisions: string,
  pause: (ms: number) => Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  let before = 0;
  while (!signal.aborted) {
    const ticks = shipped.get('ticks') ?? 0;
    const decision = parsed(lastLine(decisions));
    const { connection, lag } = reader.status(shipped.get('ticks.done') ?? 0);
    await putStatus(bucket, {
      host,
      version: VERSION,
      at_ms: Date.now(),
      rung: decision.state ?? null,
      action: decision.action ?? null,
      verdict: decision.verdict ?? null,
      pressure: decision.pressure ?? null,
      limit: decision.limit ?? null,
      connection,
      rows_per_s: ((ticks - before) * 1000) / BEAT_MS,
      lag_rows: lag,
    });
    before = ticks;
    await pause(BEAT_MS);
  }
}

function parsed(line: string | null): Decision {
  try {
    return line === null ? {} : (JSON.parse(line) as Decision);
  } catch {
    return {};
  }
}
