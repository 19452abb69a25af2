type Counts = Readonly<Record<string, number>>;

/** Counters by name, of the engine's lives together: each life counts from its own start. */
export interface Tally {
  /** Of the present life, as last seen. */
  seen: Readonly<Record<string, Counts>>;
  sum: Readonly<Record<string, Counts>>;
}

export const noTally: Tally = { seen: {}, sum: {} };

/** More names than these are not told apart: what is kept is bounded. */
const MOST_NAMES = 200;

/**
 * With what a life says now. `isFirst`: the soak's first look, before which nothing is the soak's. A name that is no longer
 * there has fallen to 0; only gaps do, when they are filled.
 */
export function tallied(
  { seen, sum }: Tally,
  now: Readonly<Record<string, Counts>>,
  life: { isFirst: boolean; isSame: boolean },
): Tally {
  if (life.isFirst) return { seen: now, sum: Object.fromEntries(Object.keys(now).map((name) => [name, {}])) };
  const next: Record<string, Counts> = { ...sum };
  const names = new Set([...Object.keys(now), ...(life.isSame ? Object.keys(seen) : [])]);
  for (const name of names) {
    const counts = { ...next[name] };
    if (next[name] === undefined && Object.keys(next).length >= MOST_NAMES) continue;
    const before = life.isSame ? (seen[name] ?? {}) : {};
    for (const key of new Set([...Object.keys(now[name] ?? {}), ...Object.keys(before)]))
      counts[key] = Math.max(0, (counts[key] ?? 0) + (now[name]?.[key] ?? 0) - (before[key] ?? 0));
    next[name] = counts;
  }
  return { seen: now, sum: next };
}
