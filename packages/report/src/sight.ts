import { parseJsonLine } from '@hybrid-soak/contract/json-lines.ts';
import type { Observation } from '@hybrid-soak/contract/sample.ts';

/** The numbers of an observation that are drawn; NaN if a sensor was blind. Totals are microseconds. */
export interface Sight {
  mono_ms: number;
  wall: string;
  /** `some` totals of the host and of the engine's cgroup. */
  cpu: number;
  memory: number;
  io: number;
  cpu_part: number;
  memory_part: number;
  io_part: number;
  engine_cpu: number;
  engine_memory: number;
  engine_io: number;
  usage_usec: number;
  memory_bytes: number;
  busy_usec: number;
  new_rows: number;
  ticks_count: number;
  age_ms: number;
  frames_received: number;
  sample_every: number;
  /** The engine's life: its invocation, or its process. */
  life: string;
  ticks_written: number;
  /** Of the last forced collection: when, since the process began, and what was left. */
  floor_ms: number;
  private_floor: number;
  heap_floor: number;
  descriptors: number;
  threads: number;
  engine_cpu_usec: number;
  latency_us: number;
  database_bytes: number;
}

type Psi = Observation['psi']['cpu'];
const total = (psi: Psi | undefined) => (psi?.available ? psi.value.some.total : Number.NaN);

export function sightOf(observation: Observation): Sight {
  const { mono_ms, wall, psi } = observation;
  const cgroup = observation.cgroup.available ? observation.cgroup.value : undefined;
  const process = observation.process?.available ? observation.process.value : undefined;
  const progress = observation.progress.available ? observation.progress.value : undefined;
  const beat = observation.heartbeat.available ? observation.heartbeat.value : undefined;
  return {
    mono_ms,
    wall,
    cpu: total(psi.cpu),
    memory: total(psi.memory),
    io: total(psi.io),
    cpu_part: observation.parts?.cpu.part ?? Number.NaN,
    memory_part: observation.parts?.memory.part ?? Number.NaN,
    io_part: observation.parts?.io.part ?? Number.NaN,
    engine_cpu: total(cgroup?.cpu),
    engine_memory: total(cgroup?.memory),
    engine_io: total(cgroup?.io),
    usage_usec: cgroup?.usage_usec ?? process?.cpu_usec ?? Number.NaN,
    memory_bytes: cgroup?.memory_bytes ?? process?.memory_bytes ?? Number.NaN,
    busy_usec: observation.host_cpu.available ? observation.host_cpu.value.busy_usec : Number.NaN,
    new_rows: progress?.new_rows ?? Number.NaN,
    ticks_count: progress?.ticks_count ?? Number.NaN,
    age_ms: beat?.age_ms ?? Number.NaN,
    frames_received: beat?.frames_received ?? Number.NaN,
    sample_every: beat?.sample_every ?? Number.NaN,
    ...vitalSigns(observation),
  };
}

type Vital = 'life' | 'ticks_written' | 'floor_ms' | 'private_floor' | 'heap_floor' | 'descriptors' | 'threads';

/** What the engine says of itself, and the size of its database. */
function vitalSigns({
  heartbeat,
  files,
}: Observation): Pick<Sight, Vital | 'engine_cpu_usec' | 'latency_us' | 'database_bytes'> {
  const beat = heartbeat.available ? heartbeat.value : undefined;
  const vitals = beat?.vitals;
  return {
    life: String(beat?.invocation_id ?? beat?.pid ?? ''),
    ticks_written: beat?.ticks_written ?? Number.NaN,
    floor_ms: vitals?.floor?.mono_ms ?? Number.NaN,
    private_floor: vitals?.floor?.private_bytes ?? Number.NaN,
    heap_floor: vitals?.floor?.heap_bytes ?? Number.NaN,
    descriptors: vitals?.descriptors ?? Number.NaN,
    threads: vitals?.threads ?? Number.NaN,
    engine_cpu_usec: vitals?.cpu_usec ?? Number.NaN,
    latency_us: vitals?.latency_us?.p99 ?? Number.NaN,
    database_bytes: files?.available ? files.value.database_bytes : Number.NaN,
  };
}

/** A line as an observation of this version; null if it is not one. */
export function parseObservation(line: string): Observation | null {
  const parsed = parseJsonLine(line);
  const value = (parsed.kind === 'value' ? parsed.value : null) as Partial<Observation> | null;
  const whole = value?.v === 1 && typeof value.mono_ms === 'number' && value.psi !== undefined;
  return whole ? (value as Observation) : null;
}
