/** Finds frames that were lost, if an exchange counts the frames of each connection without a hole. */
export class FrameCount {
  readonly #last = new WeakMap<object, { sequence: number; atMs: number }>();

  /** The numbers that never came, and when the frame before them did; null if none is missing. */
  lost(connection: object, sequence: number, atMs: number): { first: number; last: number; sinceMs: number } | null {
    const before = this.#last.get(connection);
    if (before === undefined) {
      this.#last.set(connection, { sequence, atMs });
      return null;
    }
    const { sequence: previous, atMs: sinceMs } = before;
    before.sequence = sequence;
    before.atMs = atMs;
    return sequence > previous + 1 ? { first: previous + 1, last: sequence - 1, sinceMs } : null;
  }
}
