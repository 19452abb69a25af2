import { RESOURCES, type Resource } from '@hybrid-soak/contract/psi.ts';
import type { Observation, Parts } from '@hybrid-soak/contract/sample.ts';
import { mapResources, type PerResource } from '../per-resource.ts';
import type { State } from '../state.ts';
import { partsOf, takeSample } from './meter.ts';

/** What follows from an observation alone; computed once a step and handed on. Figures are percent. */
export interface Look {
  /** Stall time of the host: over the window, or `some avg10` under classic; null if it is unknown. */
  pressure: PerResource<number | null>;
  parts: Parts;
  limits: PerResource<number>;
  /** Resources over their limit: by the engine's part, or by the pressure itself under classic. */
  over: readonly Resource[];
  /** Pressure over the limit that is not the engine's: others', explained by its quota, or of an unknown share. */
  ambient: readonly Resource[];
  quota: readonly Resource[];
  unknown: readonly Resource[];
}

/** Takes the observation into the memory and returns what follows from it. */
export function lookAt(state: State, observation: Observation): Look {
  const { options, pressure: memory } = state;
  const p = options.parameters;
  memory.meter =
    observation.parts === undefined ? takeSample(memory.meter, observation, p.window_s * 1000) : memory.meter;
  trackCgroupFull(state, observation);
  const parts = observation.parts ?? partsOf(memory.meter);
  const limits = { cpu: p.cpu_limit, memory: p.memory_limit, io: p.io_limit };
  const classic = options.policy === 'classic';
  const pressure = mapResources((r) => {
    const psi = observation.psi[r];
    if (!psi.available) return null;
    return classic ? psi.value.some.avg10 : parts[r].pressure;
  });
  const above = (value: number | null, r: Resource) => value !== null && value > limits[r];
  const high = RESOURCES.filter((r) => above(pressure[r], r));
  const over = classic ? high : RESOURCES.filter((r) => pressure[r] !== null && above(parts[r].part, r));
  const quota = RESOURCES.filter((r) => !above(parts[r].part, r) && above(parts[r].before_quota, r));
  const unknown = high.filter((r) => parts[r].part === null);
  const ambient = high.filter((r) => !above(parts[r].part, r) && !quota.includes(r) && !unknown.includes(r));
  return { pressure, parts, limits, over, ambient, quota, unknown };
}

/** `full` of the engine's cgroup since the observation before: its tasks were all kept waiting. */
function trackCgroupFull({ pressure }: State, { cgroup, mono_ms }: Observation): void {
  const cpu = cgroup.available && cgroup.value.cpu.available ? cgroup.value.cpu.value.full : null;
  const before = pressure.cgroupFull;
  pressure.cgroupFull = cpu === null ? null : { mono: mono_ms, total: cpu.total };
  if (cpu === null || before === null || cpu.total < before.total || mono_ms <= before.mono) {
    if (cpu === null) pressure.cgroupFullPercent = null;
    return;
  }
  pressure.cgroupFullPercent = (cpu.total - before.total) / (mono_ms - before.mono) / 10;
}
