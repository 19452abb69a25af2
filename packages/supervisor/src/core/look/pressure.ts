import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import type { Observation } from '@hybrid-soak/contract/sample.ts';
import { mapResources, type PerResource } from '../per-resource.ts';
import type { State } from '../state.ts';
import type { Look } from './look.ts';
import { extend, ratePercent } from './window.ts';

/** Takes the observation into the window and returns what follows from it. */
export function lookAt(state: State, observation: Observation): Look {
  senseInto(state, observation);
  const pressure = pressures(state, observation);
  const limits = effectiveLimits(state);
  return { pressure, limits, over: RESOURCES.filter((r) => (pressure[r] ?? 0) > limits[r]) };
}

/** Takes the observation's counters into the sliding window. A sensor that is blind leaves a gap: no old news. */
function senseInto({ clock, pressure, unit, options }: State, { psi, cgroup, host_cpu }: Observation): void {
  const own = cgroup.available && clock.now >= unit.graceUntil ? cgroup.value : null;
  const sighting = {
    mono: clock.now,
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
  pressure.seen = extend(pressure.seen, sighting, options.parameters.window_s * 1000);
}

const someTotal = (psi: Observation['psi']['cpu']) => (psi.available ? psi.value.some.total : null);

/** adaptive: the rate over the window; classic: the kernel's avg10, as the earlier tool had it. */
function pressures({ options, pressure }: State, observation: Observation): PerResource<number | null> {
  return mapResources((resource) => {
    const psi = observation.psi[resource];
    if (!psi.available) return null;
    return options.policy === 'classic' ? psi.value.some.avg10 : ratePercent(pressure.seen, resource);
  });
}

/** max(limit, baseline + margin), never above the maximum; the fixed limit without a baseline or under classic. */
export function effectiveLimits({ options, pressure: { baseline } }: State): PerResource<number> {
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

/** CPU use of the engine's cgroup, percent of one CPU; null if unknown. */
export const engineCpuPercent = ({ pressure }: State): number | null => ratePercent(pressure.seen, 'engineCpu');
