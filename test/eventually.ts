const DEADLINE_MS = 300_000;

type Seen<T> = T | undefined | null | false;

/** The first value of `look` that is neither undefined, null nor false. Rejects if none comes within five minutes. */
export async function eventually<T>(look: () => Seen<T> | Promise<Seen<T>>): Promise<T> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== null && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`not within five minutes: ${look.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
