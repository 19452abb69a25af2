/**
 * Time in which this process ran: the sum of the times between looks, each counted as `longestMs` at most, so that a process
 * that was frozen or starved is not late by its sleep.
 */
export class RunningTime {
  readonly #longestMs: number;
  #lookedAt: number;
  #running = 0;

  /** Times are monotonic milliseconds. */
  constructor(longestMs: number, nowMs: number) {
    this.#longestMs = longestMs;
    this.#lookedAt = nowMs;
  }

  /** Running milliseconds since the start. */
  look(nowMs: number): number {
    this.#running += Math.min(nowMs - this.#lookedAt, this.#longestMs);
    this.#lookedAt = nowMs;
    return this.#running;
  }
}
