import { createHistogram } from 'node:perf_hooks';

export interface Figures {
  p50: number;
  p99: number;
  max: number;
}

const HOUR_US = 3_600_000_000;
/** In looks, which come every 10 s. */
const MINUTE = 6;

/** Times in microseconds over the last full minute, exact to 1 % (an HDR histogram); within the first minute, so far. */
export class MinuteFigures {
  readonly #histogram = createHistogram({ lowest: 1, highest: HOUR_US, figures: 2 });
  #looks = 0;
  #last: Figures | null = null;

  record(us: number): void {
    this.#histogram.record(Math.min(HOUR_US, Math.max(1, Math.round(us))));
  }

  /** To be called every 10 s. */
  look(): void {
    this.#looks++;
    const isFull = this.#looks % MINUTE === 0;
    if (!isFull && this.#looks > MINUTE) return;
    const { count, max } = this.#histogram;
    this.#last = count === 0 ? null : { p50: this.#histogram.percentile(50), p99: this.#histogram.percentile(99), max };
    if (isFull) this.#histogram.reset();
  }

  /** Null if there was nothing in that minute. */
  last(): Figures | null {
    return this.#last;
  }
}
