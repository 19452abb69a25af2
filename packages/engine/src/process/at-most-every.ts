/** The function, called at most once in `ms`; calls in between are ignored. */
export function atMostEvery<T>(ms: number, run: (value: T) => void): (value: T) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (value) => {
    const now = performance.now();
    if (now - last < ms) return;
    last = now;
    run(value);
  };
}
