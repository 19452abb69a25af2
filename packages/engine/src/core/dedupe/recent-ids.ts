/** A set that forgets its oldest entry when it is full. */
export class RecentIds {
  readonly #ids = new Set<string>();
  /** In the order of arrival: asking a Set for its oldest entry walks over all that were deleted. */
  #ring: string[] = [];
  readonly #capacity: number;
  #at = 0;
  /** The entry that was forgotten last; null if none was. */
  forgotten: string | null = null;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  has(id: string | number): boolean {
    return this.#ids.size > 0 && this.#ids.has(String(id));
  }

  /** Whether it was not there before. */
  add(given: string | number): boolean {
    const id = String(given);
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
  oldest(count: number): string[] {
    return this.#slice(this.#ring.length < this.#capacity ? 0 : this.#at, count);
  }

  /** Up to `count` of the latest, in the order of arrival. */
  latest(count: number): string[] {
    const size = this.#ring.length;
    const taken = Math.min(count, size);
    return this.#slice(this.#at - taken + size, taken);
  }

  #slice(from: number, count: number): string[] {
    const size = this.#ring.length;
    return Array.from({ length: Math.min(count, size) }, (_, n) => this.#ring[(from + n) % size] as string);
  }
}
