/**
 * A B A B …: on a shared machine only what ran side by side can be compared, so a slow minute falls on both. One unmeasured
 * turn of each comes first: the compiler's share is not the steady state's.
 */
export async function alternate<A, B>(
  repeats: number,
  yardstick: () => A | Promise<A>,
  real: () => B | Promise<B>,
  warm = true,
): Promise<{ yardstick: A; real: B }[]> {
  const turns: { yardstick: A; real: B }[] = [];
  for (let turn = warm ? -1 : 0; turn < repeats; turn++) {
    const pair = { yardstick: await yardstick(), real: await real() };
    if (turn >= 0) turns.push(pair);
  }
  return turns;
}

/** Both at the same moment, in half the time: for what is sent at a rate that leaves both cores room, and is counted in CPU time. */
export async function sideBySide<A, B>(
  repeats: number,
  yardstick: () => Promise<A>,
  real: () => Promise<B>,
): Promise<{ yardstick: A; real: B }[]> {
  const turns: { yardstick: A; real: B }[] = [];
  for (let turn = 0; turn < repeats; turn++) {
    const [a, b] = await Promise.all([yardstick(), real()]);
    turns.push({ yardstick: a, real: b });
  }
  return turns;
}

/** The value below which `share` of the figures lie, interpolated between the two nearest. */
export function quantile(figures: readonly number[], share: number): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

export const median = (figures: readonly number[]): number => quantile(figures, 0.5);

/** Interquartile range: where the middle half of the figures lies. */
export const spread = (figures: readonly number[]): number => quantile(figures, 0.75) - quantile(figures, 0.25);
