import type { Drift } from '@hybrid-soak/contract/drift.ts';
import { median } from '@hybrid-soak/contract/median.ts';
import { following, quantile, Z } from './slope.ts';

/** How much more a figure is in the second of two runs, with the interval that the noise within them allows. */
export interface Difference {
  signal: string;
  unit: string;
  /** Medians of the runs, or their slopes. */
  a: number;
  b: number;
  difference: number;
  low: number;
  high: number;
  /** Stretches of time that were compared, each with the same one of the other run; null for a slope. */
  pairs: number | null;
  /** More than noise: the interval excludes zero. */
  differs: boolean;
}

/** With fewer the interval says nothing. */
const LEAST_PAIRS = 8;

/**
 * The median of `b` less `a`, stretch by stretch since the start of each run, so that what a soak does in its course is in
 * both. The interval is that of the sign test (its ranks are binomial), as much wider as the differences follow one another.
 * NaN is a stretch in which nothing is known. Null if there is too little.
 */
export function pairedDifference(
  a: readonly number[],
  b: readonly number[],
): Omit<Difference, 'signal' | 'unit'> | null {
  const pairs = a.flatMap((value, at) => {
    const other = b[at];
    return other === undefined || Number.isNaN(value) || Number.isNaN(other) ? [] : [{ a: value, b: other }];
  });
  if (pairs.length < LEAST_PAIRS) return null;
  const differences = pairs.map((pair) => pair.b - pair.a);
  const factor = following([differences.map((y, x) => ({ x, y }))], 0);
  const width = (Z * Math.sqrt(factor / pairs.length)) / 2;
  const sorted = differences.toSorted((one, other) => one - other);
  const [difference, low, high] = [0.5, 0.5 - width, 0.5 + width].map((q) => quantile(sorted, q)) as [
    number,
    number,
    number,
  ];
  const middle = (key: 'a' | 'b') => median(pairs.map((pair) => pair[key])) ?? 0;
  const differs = low > 0 || high < 0;
  return { a: middle('a'), b: middle('b'), difference, low, high, pairs: pairs.length, differs };
}

/** The difference of two slopes that are known, by their intervals. */
export function slopeDifferences(a: readonly Drift[], b: readonly Drift[]): Difference[] {
  return b.flatMap((now) => {
    const before = a.find(({ signal }) => signal === now.signal);
    if (before === undefined) return [];
    const [one, other] = [ends(before), ends(now)];
    if (one === null || other === null) return [];
    const difference = other.slope - one.slope;
    const low = difference - Math.hypot(other.slope - other.low, one.high - one.slope);
    const high = difference + Math.hypot(other.high - other.slope, one.slope - one.low);
    const signal = `slope of ${now.signal.replaceAll('_', ' ')}`;
    const values = { a: one.slope, b: other.slope, difference, low, high };
    return [{ signal, unit: now.unit, ...values, pairs: null, differs: low > 0 || high < 0 }];
  });
}

function ends({ slope, low, high }: Drift): { slope: number; low: number; high: number } | null {
  return slope === null || low === null || high === null ? null : { slope, low, high };
}
