/** Resolves once `look` does so to true. Rejects if it never does. */
export async function until(look: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 300_000;
  while (!(await look())) {
    if (performance.now() > deadline) throw new Error(`not within five minutes: ${look.toString()}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}
