import type { Column } from '../series.ts';

export interface SeriesSpec {
  label: string;
  column: Column;
  /** A name of the style sheet's colours. */
  color: string;
  fill?: boolean;
  dash?: boolean;
  /** Values that stand alone are drawn as points. */
  dots?: boolean;
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
  /** Drawn around its values, this much at least, instead of from 0: what creeps is little of the whole. */
  around?: number;
  /** Left out of runs that do not know it. */
  optional?: boolean;
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
    title: 'Private memory, floors',
    unit: 'MiB',
    series: [{ label: 'floor', column: 'private_floor', color: 'accent', dots: true }],
    atLeast: 0,
    around: 2,
    optional: true,
    explained:
      "The engine's private memory right after a forced collection, with the slope that was fitted and its 95 % band.",
  },
  {
    title: 'Heap, floors',
    unit: 'MiB',
    series: [{ label: 'floor', column: 'heap_floor', color: 'accent', dots: true }],
    atLeast: 0,
    around: 1,
    optional: true,
    explained: "What is left of the engine's heaps right after a forced collection, with its slope.",
  },
  {
    title: 'Descriptors and threads',
    unit: '',
    series: [
      { label: 'descriptors', column: 'descriptors', color: 'accent' },
      { label: 'threads', column: 'threads', color: 'second' },
    ],
    atLeast: 10,
    optional: true,
    explained: 'Open file descriptors and threads of the engine.',
  },
  {
    title: 'Commit latency',
    unit: 'ms, p99 of a minute',
    series: [{ label: 'p99', column: 'commit_latency', color: 'accent' }],
    atLeast: 1,
    optional: true,
    explained: 'From the first frame of a batch received to its rows committed.',
  },
  {
    title: 'CPU per frame',
    unit: 'µs',
    series: [{ label: 'engine', column: 'cpu_per_frame', color: 'accent' }],
    atLeast: 1,
    optional: true,
    explained: 'CPU time of the engine over the frames that it received, of the last minute.',
  },
  {
    title: 'Database',
    unit: 'MiB',
    series: [{ label: 'size', column: 'database', color: 'accent', fill: true }],
    atLeast: 1,
    optional: true,
    explained: "The engine's database file; its slope is by rows.",
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
