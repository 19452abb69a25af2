import type { Observation } from '@hybrid-soak/contract/sample.ts';

/** What the engine had used at one moment: monotonic ms, CPU microseconds, frames received. */
export interface Use {
  mono: number;
  cpu: number;
  frames: number;
}

/** Longer than any measurement of use looks back, ms. */
const KEPT_MS = 40_000;
/** Less than this, ms, is too short for a use that tells anything. */
const SHORTEST_MS = 5000;

/** The uses with this observation's; a total that went down is another process and begins them again. */
export function extendUse(
  use: readonly Use[],
  { cgroup, process, heartbeat }: Observation,
  now: number,
): readonly Use[] {
  const cpu = cgroup.available ? cgroup.value.usage_usec : process?.available ? process.value.cpu_usec : null;
  if (cpu === null || !heartbeat.available) return [];
  const next = { mono: now, cpu, frames: heartbeat.value.frames_received };
  const last = use.at(-1);
  if (last === undefined || cpu < last.cpu || next.frames < last.frames) return [next];
  if (last.mono === now) return use;
  return [...use.filter(({ mono }) => mono > now - KEPT_MS), next];
}

export interface Rates {
  /** CPU microseconds and frames received, a second. */
  cpu: number;
  frames: number;
}

/**
 * The rates over the last `ms`, not from before `since`; null if that is too short. From the look at their begin or the one
 * before it: looks are off their grid, and half of `ms` between two of them would come out too short every other time.
 */
export function rates(use: readonly Use[], ms: number, since = Number.NEGATIVE_INFINITY): Rates | null {
  const last = use.at(-1);
  if (last === undefined) return null;
  const counted = use.filter(({ mono }) => mono >= since);
  const first = counted.findLast(({ mono }) => mono <= last.mono - ms) ?? counted[0] ?? last;
  const span = last.mono - first.mono;
  if (span < Math.min(SHORTEST_MS, ms / 2)) return null;
  return { cpu: ((last.cpu - first.cpu) / span) * 1000, frames: ((last.frames - first.frames) / span) * 1000 };
}

/** CPU microseconds a received frame; null without a frame. */
export const perFrame = (rate: Rates | null): number | null =>
  rate === null || rate.frames <= 0 ? null : rate.cpu / rate.frames;
