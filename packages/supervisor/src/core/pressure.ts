import { RESOURCES, type Resource } from '@hybrid-soak/contract/psi.ts';
import type { Observation } from '@hybrid-soak/contract/sample.ts';
import type { PerResource, State } from './state.ts';
import { extend, ratePercent } from './window.ts';

/** Takes the observation's counters into the sliding window. A sensor that is blind leaves a gap: no old news. */
export function senseInto(state: State, { psi, cgroup, host_cpu }: Observation): void {
  const own = cgroup.available && state.now >= state.graceUntil ? cgroup.value : null;
  const sighting = {
    mono: state.now,
    cpu: someTotal(psi.cpu),
    memory: someTotal(psi.memory),
    io: someTotal(psi.io),
    cgroupMemory: own === null ? null : someTotal(own.memory),
    cgroupIo: own === null ? null : someTotal(own.io),
    cgroupFull: own?.cpu.available ? (own.cpu.value.full?.total ?? null) : null,
    engineCpu: own?.usage_usec ?? null,
    hostCpu: host_cpu.available ? host_cpu.value.busy_usec : null,
    throttled: own?.nr_throttled ?? null,
  };
  state.seen = extend(state.seen, sighting, state.options.parameters.window_s * 1000);
}

const someTotal = (psi: Observation['psi']['cpu']) => (psi.available ? psi.value.some.total : null);

export const mapResources = <T>(of: (resource: Resource) => T): PerResource<T> => ({
  cpu: of('cpu'),
  memory: of('memory'),
  io: of('io'),
});

/**
 * Pressure per resource, percent of wall time in which tasks waited; null where it is unknown. adaptive: the rate over the
 * window; classic: the kernel's avg10, as the earlier tool had it.
 */
export function pressures(state: State, observation: Observation): PerResource<number | null> {
  return mapResources((resource) => {
    const psi = observation.psi[resource];
    if (!psi.available) return null;
    return state.options.policy === 'classic' ? psi.value.some.avg10 : ratePercent(state.seen, resource);
  });
}

/** max(limit, baseline + margin), never above the maximum; the fixed limit without a baseline or under classic. */
export function effectiveLimits({ options, baseline }: State): PerResource<number> {
  const p = options.parameters;
  const limit = (fixed: number, base: number | null | undefined, margin: number) => {
    if (options.policy === 'classic') return fixed;
    return Math.min(
      p.max_effective_limit,
      base === null || base === undefined ? fixed : Math.max(fixed, base + margin),
    );
  };
  return {
    cpu: limit(p.cpu_limit, baseline?.cpu, p.cpu_margin),
    memory: limit(p.memory_limit, baseline?.memory, p.memory_margin),
    io: limit(p.io_limit, baseline?.io, p.io_margin),
  };
}

export function overLimit(pressure: PerResource<number | null>, limits: PerResource<number>): Resource[] {
  return RESOURCES.filter((resource) => (pressure[resource] ?? 0) > limits[resource]);
}

/** CPU use of the engine's cgroup, percent of one CPU; null where unknown. */
export const engineCpuPercent = (state: State): number | null => ratePercent(state.seen, 'engineCpu');
