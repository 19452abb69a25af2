const DEADLINE_MS = 300_000;

/**
 * Between two looks, ms, if it has been waited for so long: what has not come at once is looked for less often, since many looks open
 * a database.
 */
export const pauseAfter = (waitedMs: number, [first, most]: [number, number]): number =>
  Math.min(most, first + waitedMs / 20);

type Seen<T> = T | undefined | null | false;

/** The first value of `look` that is neither undefined, null nor false. Rejects if none comes within five minutes. */
export async function eventually<T>(look: () => Seen<T> | Promise<Seen<T>>): Promise<T> {
  const begun = performance.now();
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== null && value !== false) return value;
    const waited = performance.now() - begun;
    if (waited > DEADLINE_MS) throw new Error(`not within five minutes: ${look.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, pauseAfter(waited, [20, 80])));
  }
}
