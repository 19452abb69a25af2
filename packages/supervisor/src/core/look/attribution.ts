import type { Resource } from '@hybrid-soak/contract/psi.ts';
import type { Observation } from '@hybrid-soak/contract/sample.ts';
import type { State } from '../state.ts';
import { type Counters, growth, share as shareOf } from './window.ts';

/**
 * Whose pressure it is. `quota`: the engine is kept waiting by a quota of its own, which explains host pressure by
 * itself. `measuring`: the engine has just started, and a part of the window is not a measure of it: on a busy host its
 * start-up lasts. `unknown` counts as the engine's, and the record says so.
 */
export interface Attribution {
  whose: 'engine' | 'ambient' | 'quota' | 'measuring' | 'unknown';
  share: number | null;
}

/** Of the window, so that an observation which comes early by a little does not wait for the next one. */
const WHOLE = 0.9;

/** What is the engine's, and what it is a share of. CPU is judged by use: a victim of pressure stalls without causing it. */
const COUNTERS: Record<Resource, [keyof Counters, keyof Counters]> = {
  cpu: ['engineCpu', 'hostCpu'],
  memory: ['cgroupMemory', 'memory'],
  io: ['cgroupIo', 'io'],
};

/**
 * The engine's share of the CPU time used on the host, or of the io or memory stall, over the window. An engine that is not
 * running presses on nothing. A sensor that vanished in mid-run leaves the last answer standing: blindness proves nothing.
 */
export function attribute(state: State, observation: Observation, over: readonly Resource[]): Attribution {
  const unit = observation.unit.available ? observation.unit.value : null;
  if (unit?.active_state === 'inactive' || unit?.active_state === 'failed') return { whose: 'ambient', share: 0 };
  if (!observation.cgroup.available) return { whose: state.ladder.lastWhose ?? 'unknown', share: null };
  if ((growth(state.pressure.seen, 'throttled') ?? 0) > 0) return { whose: 'quota', share: null };
  let share: number | null = null;
  for (const resource of over) {
    const [part, whole] = COUNTERS[resource];
    const own = shareOf(state.pressure.seen, part, whole, state.options.parameters.window_s * 1000 * WHOLE);
    if (own !== null) share = Math.max(share ?? 0, own);
  }
  if (share === null)
    return { whose: isBlind(observation, over) ? (state.ladder.lastWhose ?? 'unknown') : 'measuring', share };
  return { whose: share >= state.options.parameters.attribution_share ? 'engine' : 'ambient', share };
}

/** No sensor at all for the resource's share, as opposed to a window that is still filling. */
function isBlind(observation: Observation, over: readonly Resource[]): boolean {
  if (!observation.cgroup.available) return true;
  const cgroup = observation.cgroup.value;
  return over.every((resource) => (resource === 'cpu' ? !observation.host_cpu.available : !cgroup[resource].available));
}
