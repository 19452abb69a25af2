import type { JetStreamClient } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { Unreachable } from './connect.ts';
import { isNotFound } from './stream.ts';
import { nameIn, nameOf } from './subject.ts';

/** What a host says of itself every few seconds; without it for three times as long, it is gone from the table. */
export interface HostStatus {
  host: string;
  version: string;
  at_ms: number;
  /** Of the last decision; null without one. */
  rung: string | null;
  action: string | null;
  verdict: string | null;
  /** The engine's part of the pressure at the last look, and its limit, percent by resource. */
  part: Record<string, number | null>;
  limit: Record<string, number>;
  /** Of the engine: a code, see `engine_status.connection_state`. */
  connection: string | null;
  /** Of the trades since the engine's start, those that were seen; null without any. */
  coverage_percent: number | null;
  rows_per_s: number;
  /** Ticks that are committed here and not stored there yet. */
  lag_rows: number;
  /** Everything that was committed so long ago is stored there; null until the shipper has caught up for the first time. */
  lag_s: number | null;
}

export const BEAT_MS = 5000;
const BUCKET = 'soak-hosts';
/** A server that stalls while it lists may never say that it has ended. */
const LIST_MS = 15_000;

/** Makes the bucket unless it is there. */
export const hostsBucket = (client: JetStreamClient, replicas: number): Promise<KV> =>
  new Kvm(client).create(BUCKET, { ttl: 3 * BEAT_MS, replicas, history: 1 });

export async function putStatus(bucket: KV, status: HostStatus): Promise<void> {
  await bucket.put(nameOf(status.host), JSON.stringify(status));
}

/**
 * All hosts that are alive, by name; none if there is no bucket yet, which who only reads may not make. The name is the key's: which keys a
 * host may write, the server's permissions say; what it writes there, nobody. What cannot be read is left out.
 */
export async function aliveHosts(client: JetStreamClient): Promise<HostStatus[]> {
  try {
    return await readStatuses(await new Kvm(client).open(BUCKET));
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

/** What stands in the bucket. Throws Unreachable if the list of its keys has no end. */
export async function readStatuses(bucket: Pick<KV, 'keys' | 'get'>, patienceMs = LIST_MS): Promise<HostStatus[]> {
  const statuses: HostStatus[] = [];
  const keys = await bucket.keys();
  const why = `the servers do not answer (no whole list of hosts within ${patienceMs / 1000} s)`;
  const cut = setTimeout(() => keys.stop(new Unreachable(why)), patienceMs);
  try {
    for await (const key of keys) {
      const entry = await bucket.get(key);
      const host = nameIn(key);
      if (entry === null || entry.operation !== 'PUT' || host === undefined) continue;
      const said = objectIn(entry.string());
      if (said !== null) statuses.push({ ...said, host });
    }
  } finally {
    clearTimeout(cut);
  }
  return statuses.sort((a, b) => (a.host < b.host ? -1 : 1));
}

function objectIn(text: string): HostStatus | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? (value as HostStatus | null) : null;
  } catch {
    return null;
  }
}
