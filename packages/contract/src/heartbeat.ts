import { byName, count, listOf, maybe, measure, object, orNull, text, whole } from './read-json.ts';
import type { Vitals } from './vitals.ts';

/**
 * `engine_status.connection_state`. `disconnected`: every source is down and being tried. `stopped`: the engine has ended.
 * The generator and recordings are always connected. `engine_status.connection` is text for people.
 */
export const CONNECTION_STATES = ['starting', 'connected', 'disconnected', 'stopped'] as const;
export type ConnectionState = (typeof CONNECTION_STATES)[number];

const distribution = object({ p50: measure, p99: measure, max: measure });
const floor = object({ mono_ms: measure, heap_bytes: measure, private_bytes: measure });
const source = object({ connected_ms: measure, reconnects: count, failovers: count });
const openGap = object({ source: text, market: text, gaps: count, missing: count });

/** `engine_status.vitals`, as `vitalsSchema` says it. Throws if it is something else. */
export const readVitals = object<Vitals>({
  latency_us: maybe(orNull(distribution)),
  loop_delay_p99_ms: maybe(measure),
  queue_depth: maybe(count),
  reconnects: maybe(count),
  unaccounted: maybe(whole),
  cpu_usec: maybe(measure),
  wal_blocked_s: maybe(measure),
  descriptors: maybe(count),
  descriptor_limit: maybe(count),
  threads: maybe(count),
  heap_bytes: maybe(measure),
  private_bytes: maybe(measure),
  floor: maybe(orNull(floor)),
  connected_ms: maybe(measure),
  gaps_open: maybe(count),
  trades_missing: maybe(count),
  duplicates: maybe(count),
  failovers: maybe(count),
  sources: maybe(byName(source)),
  open_gaps: maybe(listOf(openGap)),
});
