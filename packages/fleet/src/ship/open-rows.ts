import type { IdRange } from '../batch.ts';

/** Of one message, so that its first line stays small. */
const MOST_RANGES = 5000;

/**
 * Ascending ids as ranges. Of very many scattered ones the ranges have ids between them too: a row that is taken for open although it is
 * final comes once more than it must, which changes nothing.
 */
export function rangesOf(ids: Iterable<number>): IdRange[] {
  let ranges: IdRange[] = [];
  for (const id of ids) {
    const last = ranges.at(-1);
    if (last !== undefined && id === last[1] + 1) last[1] = id;
    else ranges.push([id, id]);
  }
  while (ranges.length > MOST_RANGES)
    ranges = ranges.flatMap((range, at): IdRange[] => (at % 2 === 1 ? [] : [[range[0], (ranges[at + 1] ?? range)[1]]]));
  return ranges;
}

/** The ids of ranges; a stream may still have the single ids that were written before there were ranges. */
export function idsIn(ranges: readonly (IdRange | number)[]): Set<number> {
  const ids = new Set<number>();
  for (const range of ranges) {
    const [from, to] = typeof range === 'number' ? [range, range] : range;
    for (let id = from; id <= to; id++) ids.add(id);
  }
  return ids;
}
