import { type Id, idOf } from './dense-ids.ts';
import type { StreamSeed } from './gaps.ts';
import { RecentIds } from './recent-ids.ts';

/** Which ids of an ascending numbering with jumps were seen: the latest, and all below them. */
export class SparseIds {
  readonly #recent: RecentIds;
  /** The lowest id that an earlier run wrote and is known of. */
  #first: Id | null = null;
  #newestTs = 0;

  constructor(capacity: number) {
    this.#recent = new RecentIds(capacity);
  }

  /**
   * Whether it is new. One below all that are remembered was seen and forgotten, unless it is newer than every trade so far:
   * then the numbering has begun again.
   */
  take(given: string | number, ts: number): boolean {
    const newer = ts > this.#newestTs;
    if (newer) this.#newestTs = ts;
    else if (this.#isForgotten(given)) return false;
    return this.#recent.add(given);
  }

  /** What an earlier run took. */
  seed({ ids, lastTs }: StreamSeed): void {
    for (const given of ids) {
      const id = idOf(given);
      if (this.#first === null || id < this.#first) this.#first = id;
      this.#recent.add(given);
    }
    this.#newestTs = Math.max(this.#newestTs, lastTs);
  }

  #isForgotten(given: string | number): boolean {
    const { forgotten } = this.#recent;
    const floor = forgotten === null ? this.#first : idOf(forgotten);
    return floor !== null && idOf(given) < floor;
  }
}
