/** A set that forgets its oldest entry when it is full. */
export class RecentIds {
  readonly #ids = new Set<string>();
  /** In the order of arrival: asking a Set for its oldest entry walks over all that were deleted. */
  readonly #ring: string[] = [];
  readonly #capacity: number;
  #at = 0;
  /** The entry that was forgotten last; null while none was. */
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
}
