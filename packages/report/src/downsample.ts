/** Columns of the same length, the first of them the rising x; NaN is "unknown". */
export type Columns = number[][];
/** The same as they are sent to a page: rounded, null for "unknown". */
export type Points = (number | null)[][];

/**
 * As many points as a screen can show, without losing a spike: every bucket of rows becomes two, and each column puts its
 * lowest and highest value there in the order in which they came. A bucket without a value stays empty.
 */
export function downsample(columns: Columns, maxPoints: number): Points {
  const rows = columns[0]?.length ?? 0;
  if (rows <= maxPoints) return columns.map((column) => column.map(point));
  const buckets = Math.max(1, Math.floor(maxPoints / 2));
  const edge = (bucket: number) => Math.floor((bucket * rows) / buckets);
  return columns.map((column, index) => {
    const out: (number | null)[] = [];
    for (let bucket = 0; bucket < buckets; bucket++) {
      const [from, to] = [edge(bucket), edge(bucket + 1)];
      const [a, b] = index === 0 ? [from, Math.floor((from + to) / 2)] : extremes(column, from, to);
      out.push(point(column[a]), point(column[b]));
    }
    return out;
  });
}

/** A value as it is sent: three decimals are more than a screen shows. */
export function point(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : Math.round(value * 1000) / 1000;
}

/** Where the lowest and the highest value stand, in their order; -1 where there is none. */
function extremes(column: number[], from: number, to: number): [number, number] {
  let low = -1;
  let high = -1;
  for (let at = from; at < to; at++) {
    const value = column[at] as number;
    if (Number.isNaN(value)) continue;
    if (low < 0 || value < (column[low] as number)) low = at;
    if (high < 0 || value > (column[high] as number)) high = at;
  }
  return low <= high ? [low, high] : [high, low];
}
