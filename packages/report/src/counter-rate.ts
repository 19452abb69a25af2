/** Until a window spans this long, ms, its rate is noise. */
const SHORTEST_SPAN_MS = 1000;
const COMPACT_AT = 1000;

/**
 * Growth of a counter per millisecond over a sliding window; NaN while unknown. A counter that went down has been reset,
 * and one that could not be read has no past: in both cases the window starts again.
 */
export function counterRate(windowMs: number): (mono: number, total: number) => number {
  let monos: number[] = [];
  let totals: number[] = [];
  let first = 0;
  const cutTo = (at: number) => {
    monos = monos.slice(at);
    totals = totals.slice(at);
    first = 0;
  };
  return (mono, total) => {
    if (Number.isNaN(total) || total < (totals.at(-1) ?? 0)) cutTo(totals.length);
    if (Number.isNaN(total)) return Number.NaN;
    monos.push(mono);
    totals.push(total);
    // One point at or before the window's start stays, so that the window is covered whole.
    while (first + 1 < monos.length && (monos[first + 1] as number) <= mono - windowMs) first++;
    if (first > COMPACT_AT) cutTo(first);
    const span = mono - (monos[first] as number);
    return span < SHORTEST_SPAN_MS ? Number.NaN : (total - (totals[first] as number)) / span;
  };
}
