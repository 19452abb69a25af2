import { median } from './median.ts';

/** One value of a series. `x` is what the slope is by (hours, frames, rows), in ascending order. */
export interface Point {
  x: number;
  y: number;
}

/** A step is one only if it is this many times the scatter beside it. */
const STEP_SCATTERS = 4;
/** Points on each side of a step. */
const LEAST_SIDE = 4;
const MOST_STEPS = 3;

/**
 * Cuts a series where its level jumps: a cache that filled, a page that was mapped. What is left are pieces without a step,
 * so that a step is not taken for a slope. Ascending by x.
 */
export function withoutSteps(points: readonly Point[], more = MOST_STEPS): Point[][] {
  const at = more === 0 ? null : stepAt(points);
  if (at === null) return [[...points]];
  return [...withoutSteps(points.slice(0, at), more - 1), ...withoutSteps(points.slice(at), more - 1)];
}

/** Where the largest jump is, if it is one: the jump between two neighbours that the scatter of the other jumps does not explain. */
function stepAt(points: readonly Point[]): number | null {
  if (points.length < 2 * LEAST_SIDE) return null;
  const jumps = points.slice(1).map(({ y }, i) => y - (points[i] as Point).y);
  const usual = median(jumps) ?? 0;
  const scatter = (median(jumps.map((jump) => Math.abs(jump - usual))) ?? 0) * 1.4826;
  let best: number | null = null;
  for (let at = LEAST_SIDE; at <= points.length - LEAST_SIDE; at++) {
    const size = Math.abs(levelChange(points, at, usual));
    const jump = Math.abs((jumps[at - 1] as number) - usual);
    if (size <= STEP_SCATTERS * scatter || jump <= STEP_SCATTERS * scatter) continue;
    if (best === null || jump > Math.abs((jumps[best - 1] as number) - usual)) best = at;
  }
  return best;
}

/** How much the level is higher right after `at` than right before, less what the usual rise explains. */
function levelChange(points: readonly Point[], at: number, usual: number): number {
  const level = (from: number, to: number) => median(points.slice(from, to).map(({ y }) => y)) ?? 0;
  return level(at, at + LEAST_SIDE) - level(at - LEAST_SIDE, at) - usual * LEAST_SIDE;
}
