import type { Observation } from '@hybrid-soak/contract/sample.ts';

/** What is drawn of an observation; NaN where a sensor was blind. Totals are microseconds. */
export interface Sight {
  mono_ms: number;
  wall: string;
  /** `some` totals of the host and of the engine's cgroup. */
  cpu: number;
  memory: number;
  io: number;
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
  };
}

/** A line as an observation of this version; null where it is none. */
export function parseObservation(line: string): Observation | null {
  let value: Partial<Observation> | null;
  try {
    value = JSON.parse(line) as Partial<Observation> | null;
  } catch {
    return null;
  }
  const whole = value?.v === 1 && typeof value.mono_ms === 'number' && value.psi !== undefined;
  return whole ? (value as Observation) : null;
}

const N = '[-+.\\deE]+';
const BLIND = '\\{"available":false,"why":"[^"\\\\]*"\\}';
const PSI_LINE = `\\{"raw":"[^"]*","avg10":${N},"avg60":${N},"avg300":${N},"total":`;
const PSI = `(?:\\{"available":true,"value":\\{"some":${PSI_LINE}(${N})\\},"full":(?:null|${PSI_LINE}${N}\\})\\}\\}|${BLIND})`;
const value = (fields: string) => `(?:\\{"available":true,"value":\\{${fields}\\}\\}|${BLIND})`;
const psis = `"cpu":${PSI},"memory":${PSI},"io":${PSI}`;
const USUAL = new RegExp(
  [
    `^\\{"v":1,"run_id":"[^"]*","mono_ms":(${N}),"wall":"([^"]*)","psi":\\{${psis}\\}`,
    `"cgroup":${value(`${psis},"usage_usec":(${N}),"nr_throttled":(?:null|${N}),"throttled_usec":(?:null|${N}),"memory_bytes":(?:null|(${N}))`)}`,
    `"host_cpu":${value(`"busy_usec":(${N}),"cpus":${N}`)}`,
    `"progress":${value(`"new_rows":(${N}),"ticks_count":(${N}),"last_tick_ts":(?:null|${N}),"probe_ms":${N}`)}`,
    `"heartbeat":${value(`"pid":${N},"invocation_id":(?:null|"[^"\\\\]*"),"last_flush_ms":${N},"age_ms":(${N}),"frames_received":(${N}),"ticks_written":${N},"drops":${N},"connection":"[^"\\\\]*","sample_every":(${N})`)}(?:,"process":${value(`"cpu_usec":(${N}),"memory_bytes":(${N})`)})?`,
    '"unit":\\{.*\\}$',
  ].join(','),
);

/**
 * A line of the samples file, null where it is no observation. A line in the shape in which they are usually written is
 * read without building the whole object: a day at 1 s is 240 MB, and JSON.parse alone would take most of two seconds.
 */
export function sightOfLine(line: string): Sight | null {
  const found = USUAL.exec(line);
  if (found === null) {
    const observation = parseObservation(line);
    return observation === null ? null : sightOf(observation);
  }
  return {
    mono_ms: Number(found[1]),
    wall: found[2] as string,
    cpu: Number(found[3]),
    memory: Number(found[4]),
    io: Number(found[5]),
    engine_cpu: Number(found[6]),
    engine_memory: Number(found[7]),
    engine_io: Number(found[8]),
    usage_usec: Number(found[9] ?? found[17]),
    memory_bytes: Number(found[10] ?? found[18]),
    busy_usec: Number(found[11]),
    new_rows: Number(found[12]),
    ticks_count: Number(found[13]),
    age_ms: Number(found[14]),
    frames_received: Number(found[15]),
    sample_every: Number(found[16]),
  };
}
