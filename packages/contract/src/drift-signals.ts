/** What may creep, and what its slope is by. Memory is judged on its floors, the rest on medians of a minute. */
export const DRIFT_SIGNALS = [
  'heap',
  'private_memory',
  'descriptors',
  'threads',
  'cpu_per_frame',
  'commit_latency',
  'database',
] as const;
export type DriftSignal = (typeof DRIFT_SIGNALS)[number];

/** As the slopes are shown. */
export const SLOPE_UNITS: Readonly<Record<DriftSignal, string>> = {
  heap: 'MiB/h',
  private_memory: 'MiB/h',
  descriptors: '/h',
  threads: '/h',
  cpu_per_frame: 'µs per million frames',
  commit_latency: 'ms/h',
  database: 'bytes a row',
};

/** A piece with fewer points after its warm-up says nothing. */
export const LEAST_POINTS = 4;
const WARM_UP_FLOORS = 3;

/** Milliseconds at the start of each life that no slope is over. */
export const warmUpOf = (floorEveryMs: number, durationS: number): number =>
  Math.min(WARM_UP_FLOORS * floorEveryMs, (durationS * 1000) / 4);
