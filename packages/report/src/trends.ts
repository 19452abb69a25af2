import type { Drift } from '@hybrid-soak/contract/drift.ts';
import { type DriftSignal, LEAST_POINTS, warmUpOf } from '@hybrid-soak/contract/drift-signals.ts';
import { withoutSteps } from '@hybrid-soak/contract/drift-steps.ts';
import { median } from '@hybrid-soak/contract/median.ts';
import type { Columns } from './downsample.ts';
import { ALL_COLUMNS, type AnyColumn, type Column } from './series.ts';

/** A stretch without a step, of one life at one rung. Pairs are its beginning and its end; `t` seconds since the epoch. */
export interface TrendLine {
  t: [number, number];
  y: [number, number];
  low: [number, number];
  high: [number, number];
}

/** A slope of the SUMMARY as it is drawn over its column. */
export interface Trend {
  column: Column;
  text: string;
  drift: boolean;
  lines: TrendLine[];
}

interface Seen {
  t: number;
  age: number;
  x: number;
  y: number;
}

const MIB = 1024 ** 2;
const MINUTE_S = 60;
/** Beside these a floor each is a point; the others are medians of a minute. `by`: what the slope is by. */
const SERIES: Record<DriftSignal, { column: Column; by: AnyColumn; age: AnyColumn; unit: number }> = {
  heap: { column: 'heap_floor', by: 'floor_age_h', age: 'floor_age_h', unit: 1 },
  private_memory: { column: 'private_floor', by: 'floor_age_h', age: 'floor_age_h', unit: 1 },
  descriptors: { column: 'descriptors', by: 'age_h', age: 'age_h', unit: 1 },
  threads: { column: 'threads', by: 'age_h', age: 'age_h', unit: 1 },
  cpu_per_frame: { column: 'cpu_per_frame', by: 'million_frames', age: 'age_h', unit: 1 },
  commit_latency: { column: 'commit_latency', by: 'age_h', age: 'age_h', unit: 1 },
  database: { column: 'database', by: 'rows', age: 'age_h', unit: 1 / MIB },
};

/** The slopes of a run laid over its samples: where each was fitted, broken at lives, rungs and steps. */
export function trendsOf(drift: readonly Drift[], columns: Columns, durationS: number): Trend[] {
  const warmUpHours = warmUpOf(floorEveryMs(columns), durationS) / 3_600_000;
  return drift.flatMap(({ signal, slope, low, high, text, drift: drifts }) => {
    const { column, unit } = SERIES[signal];
    if (slope === null || low === null || high === null) return [];
    const slopes = [slope, low, high].map((value) => value * unit) as [number, number, number];
    const lines = piecesOf(columns, signal)
      .map((piece) => piece.filter(({ age }) => age >= warmUpHours))
      .filter(({ length }) => length >= LEAST_POINTS)
      .flatMap((piece) => withoutSteps(piece) as Seen[][])
      .map((piece) => lineOf(piece, slopes));
    return lines.length === 0 ? [] : [{ column, text, drift: drifts, lines }];
  });
}

const columnOf = (columns: Columns, name: AnyColumn): number[] => columns[ALL_COLUMNS.indexOf(name)] ?? [];

/** The usual distance between two floors; as in service if there are not two. */
function floorEveryMs(columns: Columns): number {
  const ages = columnOf(columns, 'floor_age_h').filter((age) => !Number.isNaN(age));
  const steps = ages.slice(1).map((age, at) => age - (ages[at] as number));
  return (median(steps.filter((step) => step > 0)) ?? 1 / 12) * 3_600_000;
}

function piecesOf(columns: Columns, signal: DriftSignal): Seen[][] {
  const { column, by, age } = SERIES[signal];
  const [times, pieces, ys, xs, ages] = (['t', 'piece', column, by, age] as const).map((name) =>
    columnOf(columns, name),
  ) as [number[], number[], number[], number[], number[]];
  const found = new Map<number, Seen[]>();
  times.forEach((t, at) => {
    const seen = { t, age: ages[at] as number, x: xs[at] as number, y: ys[at] as number };
    if (Number.isNaN(seen.y) || Number.isNaN(seen.x)) return;
    const piece = found.get(pieces[at] as number);
    if (piece === undefined) found.set(pieces[at] as number, [seen]);
    else piece.push(seen);
  });
  const isFloor = by === 'floor_age_h';
  return [...found.values()].map((piece) => (isFloor ? piece : minutesOf(piece)));
}

/** The medians that the slope was fitted over, near enough: their minutes begin at the piece's first sample. */
function minutesOf(piece: readonly Seen[]): Seen[] {
  const minutes = Map.groupBy(piece, ({ t }) => Math.floor((t - (piece[0] as Seen).t) / MINUTE_S));
  return [...minutes.values()].map((seen) => {
    const middle = (key: keyof Seen) => median(seen.map((one) => one[key])) ?? 0;
    return { t: middle('t'), age: middle('age'), x: middle('x'), y: middle('y') };
  });
}

/** Through the middle of the points; the band is as wide as the slope is uncertain. */
function lineOf(piece: readonly Seen[], [slope, low, high]: [number, number, number]): TrendLine {
  const [first, last] = [piece[0], piece.at(-1)] as [Seen, Seen];
  const x = median(piece.map((seen) => seen.x)) ?? 0;
  const level = median(piece.map((seen) => seen.y - slope * (seen.x - x))) ?? 0;
  const ends = (steepness: number): [number, number] => [
    level + steepness * (first.x - x),
    level + steepness * (last.x - x),
  ];
  return { t: [first.t, last.t], y: ends(slope), low: ends(low), high: ends(high) };
}
