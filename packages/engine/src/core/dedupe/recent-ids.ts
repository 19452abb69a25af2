/** A set that forgets its oldest entry when it is full. One id is always of one type. */
export class RecentIds<K extends string | number | bigint = string> {
  readonly #ids = new Set<K>();
  /** In the order of arrival: asking a Set for its oldest entry walks over all that were deleted. */
  #ring: K[] = [];
  readonly #capacity: number;
  #at = 0;
  /** The entry that was forgotten last; null if none was. */
  forgotten: K | null = null;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get isEmpty(): boolean {
    return this.#ids.size === 0;
  }

  has(id: K): boolean {
    return this.#ids.has(id);
  }

  /** Whether it was not there before. */
  add(id: K): boolean {
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    const oldest = this.#ring[this.#at];
    if (oldest !== undefined) {
      this.#ids.delete(oldest);
      this.forgotten = oldest;
    }
    this.#ring[this.#at] = id;
    this.#at = (this.#at + 1) % this.#capacity;
    return true;
  }

  clear(): void {
    this.#ids.clear();
    this.#ring = [];
    this.#at = 0;
    this.forgotten = null;
  }

  /** Up to `count` of those that will be forgotten next. */
  oldest(count: number): K[] {
    return this.#slice(this.#ring.length < this.#capacity ? 0 : this.#at, count);
  }

  /** Up to `count` of the latest, in the order of arrival. */
  latest(count: number): K[] {
    const size = this.#ring.length;
    const taken = Math.min(count, size);
    return this.#slice(this.#at - taken + size, taken);
  }

  #slice(from: number, count: number): K[] {
    const size = this.#ring.length;
    return Array.from({ length: Math.min(count, size) }, (_, n) => this.#ring[(from + n) % size] as K);
  }
}
