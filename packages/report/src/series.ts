import { counterRate } from './counter-rate.ts';
import type { Sight } from './sight.ts';

/** What is drawn of every observation; `t` is seconds since the epoch. */
export const COLUMNS = [
  't',
  /** Host pressure, percent of wall time in which tasks waited. */
  'cpu',
  'memory',
  'io',
  /** The engine's part of the pressure, percent of wall time; it is what the limits apply to. */
  'cpu_part',
  'memory_part',
  'io_part',
  /** The same within the engine's own cgroup. */
  'engine_cpu_stall',
  'engine_memory_stall',
  'engine_io_stall',
  /** Rows a second, and what the received frames divided by `sample_every` would give. */
  'ticks_per_s',
  'expected_per_s',
  /** CPU time used, percent of one CPU. */
  'engine_cpu_time',
  'host_cpu_time',
  /** MiB charged to the engine's cgroup. */
  'engine_memory',
  /** Seconds. */
  'since_row',
  'heartbeat_age',
  /** MiB right after a collection, once for each. */
  'private_floor',
  'heap_floor',
  'descriptors',
  'threads',
  /** Microseconds of CPU a received frame. */
  'cpu_per_frame',
  /** Milliseconds, p99: frame received to row committed. */
  'commit_latency',
  /** MiB. */
  'database',
] as const;
export type Column = (typeof COLUMNS)[number];

/** What the trend lines are fitted by beside the columns that are drawn. */
export const BEHIND = [
  /** Counts up at each new life of the engine and each rung. */
  'piece',
  /** Hours since the life was first seen, and since its beginning at a floor. */
  'age_h',
  'floor_age_h',
  'million_frames',
  'rows',
] as const;
/** Of a run's samples, in this order. */
export const ALL_COLUMNS = [...COLUMNS, ...BEHIND] as const;
export type AnyColumn = (typeof ALL_COLUMNS)[number];
/** The values of one observation in the order of ALL_COLUMNS; NaN is "unknown". */
export type Row = number[];

const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** A heartbeat this much older than the run's first observation was not made in it. */
const LEFTOVER_MS = 10_000;
const PERCENT_PER_USEC_PER_MS = 0.1;

/**
 * Observations in, rows to draw out. Rates are taken over the policy's own window, so that what is drawn is what was
 * judged. Time runs on the monotonic clock from the first wall time on: a clock that was set leaves no fold in the plots.
 */
export function rowsOf(windowS: number): (seen: Sight) => Row {
  const rates = Array.from({ length: 10 }, () => counterRate(windowS * 1000));
  const [cpuOf, framesOf] = [counterRate(MINUTE_MS), counterRate(MINUTE_MS)];
  const pieceOf = pieces();
  let origin: number | null = null;
  let begun: number | null = null;
  let lastRowAt: number | null = null;

  return (seen) => {
    const mono = seen.mono_ms;
    const rate = (index: number, total: number) => (rates[index] as ReturnType<typeof counterRate>)(mono, total);
    const percent = (index: number, total: number) => rate(index, total) * PERCENT_PER_USEC_PER_MS;
    begun ??= mono;
    // Older than the run: left by a process that ended before it, and no sign of this one's.
    const leftover = seen.age_ms > mono - begun + LEFTOVER_MS;
    origin ??= Date.parse(seen.wall) - mono;
    if (lastRowAt === null || seen.new_rows > 0) lastRowAt = mono;
    return [
      Math.round(origin + mono) / 1000,
      percent(0, seen.cpu),
      percent(1, seen.memory),
      percent(2, seen.io),
      seen.cpu_part,
      seen.memory_part,
      seen.io_part,
      percent(3, seen.engine_cpu),
      percent(4, seen.engine_memory),
      percent(5, seen.engine_io),
      rate(6, seen.ticks_count) * 1000,
      (rate(7, seen.frames_received) * 1000) / seen.sample_every,
      percent(8, seen.usage_usec),
      percent(9, seen.busy_usec),
      seen.memory_bytes / MIB,
      (mono - lastRowAt) / 1000,
      leftover ? Number.NaN : seen.age_ms / 1000,
      ...pieceOf(seen, cpuOf(mono, seen.engine_cpu_usec) / framesOf(mono, seen.frames_received) || Number.NaN),
    ];
  };
}

/** From `private_floor` on: what may creep, and the piece that it belongs to. */
function pieces(): (seen: Sight, cpuPerFrame: number) => Row {
  let life = '';
  let since = 0;
  let piece = { number: 0, key: '' };
  let floorMs = Number.NaN;
  return (seen, cpuPerFrame) => {
    const key = `${seen.life} ${seen.sample_every}`;
    if (seen.life !== life) [life, since, floorMs] = [seen.life, seen.mono_ms, Number.NaN];
    if (key !== piece.key) piece = { number: piece.number + 1, key };
    const isNew = seen.floor_ms !== floorMs && !Number.isNaN(seen.floor_ms);
    if (isNew) floorMs = seen.floor_ms;
    const atFloor = (value: number) => (isNew ? value : Number.NaN);
    return [
      atFloor(seen.private_floor / MIB),
      atFloor(seen.heap_floor / MIB),
      seen.descriptors,
      seen.threads,
      cpuPerFrame,
      seen.latency_us / 1000,
      seen.database_bytes / MIB,
      piece.number,
      (seen.mono_ms - since) / HOUR_MS,
      atFloor(seen.floor_ms / HOUR_MS),
      seen.frames_received / 1e6,
      seen.ticks_written,
    ];
  };
}
