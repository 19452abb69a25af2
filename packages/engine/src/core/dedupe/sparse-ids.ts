import { type Id, idOf } from './ids.ts';
import { NewNumbering } from './new-numbering.ts';
import { RecentIds } from './recent-ids.ts';

/** Which ids of an ascending numbering with jumps were seen: the latest, and all below them. */
export class SparseIds {
  readonly recent: RecentIds<Id>;
  /** The lowest id that an earlier run is known to have taken. */
  #first: Id | null = null;
  #last: Id | null = null;
  /** The newer of the last two trades; see `dense-ids.ts`. */
  #lastTs = 0;
  #previousTs = 0;
  readonly #again = new NewNumbering();

  constructor(capacity: number) {
    this.recent = new RecentIds<Id>(capacity);
  }

  /** Whether it is new. One below all that are remembered was seen and forgotten, unless the numbering has begun again. */
  take(given: string | number, ts: number): boolean {
    const id = idOf(given);
    // Above the last one it is above the floor, too: nearly all are.
    if (!(this.#last !== null && id > this.#last) && !this.#isAboveFloor(id, ts)) return false;
    if (!this.recent.add(id)) return false;
    this.#again.reset();
    this.#last = id;
    this.#lastTs = Math.max(ts, this.#previousTs);
    this.#previousTs = ts;
    return true;
  }

  #isAboveFloor(id: Id, ts: number): boolean {
    const floor = this.#floor();
    if (floor === null || id >= floor) return true;
    if (this.recent.has(id) || this.#again.confirmedBy(id, ts, this.#lastTs) === null) return false;
    this.#first = id;
    this.recent.clear();
    return true;
  }

  /** What an earlier run took. */
  seed(ids: string[], lastTs: number): void {
    for (const given of ids) {
      const id = idOf(given);
      if (this.#first === null || id < this.#first) this.#first = id;
      this.recent.add(id);
    }
    this.#lastTs = lastTs;
    this.#previousTs = lastTs;
  }

  /** The lowest of the ids that were forgotten last and will be next: a single wild one among them is not believed. */
  #floor(): Id | null {
    const { forgotten } = this.recent;
    if (forgotten === null) return this.#first;
    let floor = forgotten;
    for (const next of this.recent.oldest(2)) if (next < floor) floor = next;
    return floor;
  }
}
