import type { Id } from './ids.ts';

/** Trades in a row that show that a numbering has begun again. */
const CONFIRMATIONS = 3;

/**
 * Whether a numbering has begun again: several trades in a row whose ids are low but ascending, each newer than the last trade
 * of the old numbering. One re-stamped id is not enough, and any trade of the old numbering in between starts the count over.
 */
export class NewNumbering {
  #first: Id | null = null;
  #last: Id | null = null;
  #count = 0;

  /** The first id of the new numbering once it is confirmed, else null. Times are exchange time, ms. */
  confirmedBy(id: Id, ts: number, lastTs: number): Id | null {
    if (ts <= lastTs) return null;
    if (this.#last === null || id <= this.#last) {
      this.#first = id;
      this.#count = 0;
    }
    this.#last = id;
    if (++this.#count < CONFIRMATIONS) return null;
    const first = this.#first;
    this.reset();
    return first;
  }

  reset(): void {
    if (this.#count === 0) return;
    this.#first = null;
    this.#last = null;
    this.#count = 0;
  }
}
