import type { Column } from '../series.ts';

export interface SeriesSpec {
  label: string;
  column: Column;
  /** A name of the style sheet's colours. */
  color: string;
  fill?: boolean;
  dash?: boolean;
}

export interface ChartSpec {
  title: string;
  unit: string;
  series: SeriesSpec[];
  /** The resource whose limit and baseline are drawn, or the stall threshold. */
  limit?: 'cpu' | 'memory' | 'io' | 'stall';
  /** Which sensor's reason is shown if nothing is known. */
  sensor?: 'cpu' | 'memory' | 'io' | 'progress';
  /** What the plot's height shows at least. */
  atLeast: number;
  explained: string;
}

/** Every plot under the rungs, in their order. Plain data: it is sent to the page as JSON. */
export const CHARTS: ChartSpec[] = [
  ...(['cpu', 'memory', 'io'] as const).map((resource) => ({
    title: `PSI ${resource}`,
    unit: 'stall time, %',
    series: [
      { label: 'host', column: resource, color: 'accent', fill: true },
      { label: "engine's part", column: `${resource}_part` as const, color: 'second' },
      { label: 'waits of the engine', column: `engine_${resource}_stall` as const, color: 'second', dash: true },
    ],
    limit: resource,
    sensor: resource,
    atLeast: 10,
    explained: `Share of time in which tasks waited for ${resource}: on the host, the part of it that is the engine's doing (the limit applies to it), and in the engine's own cgroup.`,
  })),
  {
    title: 'Ticks',
    unit: '/s',
    series: [
      { label: 'written', column: 'ticks_per_s', color: 'accent', fill: true },
      { label: 'expected', column: 'expected_per_s', color: 'second', dash: true },
    ],
    sensor: 'progress',
    atLeast: 1,
    explained: 'Rows written a second, and the frames received divided by sample_every.',
  },
  {
    title: 'CPU time',
    unit: '% of one CPU',
    series: [
      { label: 'engine', column: 'engine_cpu_time', color: 'accent', fill: true },
      { label: 'host', column: 'host_cpu_time', color: 'second' },
    ],
    atLeast: 10,
    explained: 'CPU time used, in percent of one CPU: the engine, and everything on the host.',
  },
  {
    title: 'Memory',
    unit: 'MiB',
    series: [{ label: 'engine', column: 'engine_memory', color: 'accent', fill: true }],
    atLeast: 10,
    explained: "Memory charged to the engine's cgroup, or resident in its process.",
  },
  {
    title: 'Progress',
    unit: 's',
    series: [
      { label: 'since a row', column: 'since_row', color: 'accent', fill: true },
      { label: 'heartbeat age', column: 'heartbeat_age', color: 'second' },
    ],
    limit: 'stall',
    atLeast: 5,
    explained: 'Seconds without a new row, and the age of the heartbeat.',
  },
];
