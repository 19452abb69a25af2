import { RUNGS } from '@hybrid-soak/contract/ladder.ts';
import { RESOURCES, type Resource } from '@hybrid-soak/contract/psi.ts';
import type { Observation, Parts } from '@hybrid-soak/contract/sample.ts';
import { Counter, Gauge, Registry } from '@prometheus-io/client';

/** Everything that is exposed, as of the last observation. */
export interface Exposed {
  run_id: string;
  observations: number;
  /** Decision records so far, by action. */
  decisions: Readonly<Record<string, number>>;
  /** When an action was last decided at a rung, seconds since the epoch. */
  decided: readonly { action: string; rung: string; at_s: number }[];
  observation: Observation;
  rung: string;
  sample_every: number;
  /** Percent of wall time in which tasks waited; null where unknown. */
  pressure: Record<Resource, number | null>;
  parts: Parts;
  limit: Record<Resource, number>;
  stalled_s: number;
}

type Sample = [labels: Record<string, string>, value: number | null | undefined];

/**
 * The text of one scrape, in base units (seconds, bytes, ratios) and with `_total` for what only grows. A sensor that is
 * blind has no sample: absence is not zero. Names: https://prometheus.io/docs/practices/naming/
 */
export function exposition(exposed: Exposed): Promise<string> {
  const registry = new Registry();
  const add = (type: typeof Gauge | typeof Counter, name: string, help: string, samples: Sample[]) => {
    const known = samples.filter(([, value]) => typeof value === 'number');
    if (known.length === 0) return;
    const labelNames = Object.keys(known[0]?.[0] ?? {});
    const metric = new type({ name, help, labelNames, registers: [registry] });
    for (const [labels, value] of known) metric.inc(labels, value as number);
  };
  const gauge = (name: string, help: string, ...samples: Sample[]) => add(Gauge, name, help, samples);
  const counter = (name: string, help: string, ...samples: Sample[]) => add(Counter, name, help, samples);
  addSoak(exposed, gauge, counter);
  addEngine(exposed.observation, gauge, counter);
  return registry.metrics();
}

type Add = (name: string, help: string, ...samples: Sample[]) => void;

const seconds = (usec: number | null | undefined) => (typeof usec === 'number' ? usec / 1e6 : usec);
const ratio = (percent: number | null) => (percent === null ? null : percent / 100);

function addSoak(exposed: Exposed, gauge: Add, counter: Add): void {
  const { observation, decisions } = exposed;
  const each = (value: (resource: Resource) => number | null): Sample[] =>
    RESOURCES.map((resource) => [{ resource }, value(resource)]);
  const sensors = { ...observation.psi, ...sensorsOf(observation) };
  gauge('soak_run_info', 'The soak that is running.', [{ run_id: exposed.run_id }, 1]);
  gauge('soak_rung', 'Rung of the throttle ladder; 0 is NORMAL.', [
    {},
    (RUNGS as readonly string[]).indexOf(exposed.rung),
  ]);
  gauge('soak_sample_every', 'One trade frame in this many is kept.', [{}, exposed.sample_every]);
  gauge('soak_progress_age_seconds', 'Time without a new row.', [{}, exposed.stalled_s]);
  gauge(
    'soak_pressure_ratio',
    'Share of time in which tasks waited, over the policy window (PSI some).',
    ...each((resource) => ratio(exposed.pressure[resource])),
  );
  gauge(
    'soak_engine_part_ratio',
    "The part of that share that is the engine's doing: pressure times its share of what was used.",
    ...each((resource) => ratio(exposed.parts[resource].part)),
  );
  gauge(
    'soak_pressure_limit_ratio',
    "Limit of the engine's part (classic: of the pressure).",
    ...each((resource) => ratio(exposed.limit[resource])),
  );
  counter(
    'soak_pressure_waiting_seconds_total',
    'Time in which tasks of the host waited, since boot (PSI some).',
    ...RESOURCES.map((resource): Sample => {
      const psi = observation.psi[resource];
      return [{ resource }, psi.available ? seconds(psi.value.some.total) : null];
    }),
  );
  gauge(
    'soak_sensor_available',
    '1 where the sensor could be read.',
    ...Object.entries(sensors).map(([sensor, { available }]): Sample => [{ sensor }, available ? 1 : 0]),
  );
  counter('soak_observations_total', 'Observations made.', [{}, exposed.observations]);
  counter(
    'soak_decisions_total',
    'Decision records written.',
    ...Object.entries(decisions).map(([action, count]): Sample => [{ action }, count]),
  );
  gauge(
    'soak_decision_timestamp_seconds',
    'When this action was last decided at this rung: the annotations of the dashboard.',
    ...exposed.decided.map(({ action, rung, at_s }): Sample => [{ action, rung }, at_s]),
  );
}

function sensorsOf({ cgroup, progress, heartbeat, unit, host_cpu }: Observation) {
  return { cgroup, progress, heartbeat, unit, host_cpu };
}

/** The engine's counters are those of its present process: they start from 0 at a restart, as Prometheus expects of counters. */
function addEngine(observation: Observation, gauge: Add, counter: Add): void {
  const cgroup = observation.cgroup.available ? observation.cgroup.value : null;
  const process = observation.process?.available ? observation.process.value : null;
  const beat = observation.heartbeat.available ? observation.heartbeat.value : null;
  const unit = observation.unit.available ? observation.unit.value : null;
  counter('hybrid_engine_cpu_seconds_total', "CPU time used in the engine's cgroup, or by its process.", [
    {},
    seconds(cgroup?.usage_usec ?? process?.cpu_usec),
  ]);
  counter('hybrid_engine_throttled_seconds_total', "Time in which the engine's CPU quota was spent.", [
    {},
    seconds(cgroup?.throttled_usec),
  ]);
  gauge('hybrid_engine_memory_bytes', "Memory charged to the engine's cgroup, or resident in its process.", [
    {},
    cgroup?.memory_bytes ?? process?.memory_bytes,
  ]);
  counter('hybrid_engine_frames_received_total', 'Frames received.', [{}, beat?.frames_received]);
  counter('hybrid_engine_ticks_written_total', 'Ticks committed to the database.', [{}, beat?.ticks_written]);
  counter('hybrid_engine_drops_total', 'Frames that a full queue dropped.', [{}, beat?.drops]);
  gauge('hybrid_engine_heartbeat_age_seconds', 'Age of the heartbeat row.', [
    {},
    beat === null ? null : beat.age_ms / 1000,
  ]);
  gauge('hybrid_engine_connected', '1 while connected to a source.', [
    {},
    beat === null ? null : Number((beat.connection_state ?? beat.connection).startsWith('connected')),
  ]);
  gauge('hybrid_engine_active', '1 while the unit is active.', [
    {},
    unit === null ? null : Number(unit.active_state === 'active'),
  ]);
}
