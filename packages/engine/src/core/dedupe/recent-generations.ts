/**
 * A set that remembers the latest ids, at least as many as a generation has and at most twice as many: the older generation is
 * forgotten whole. To delete the oldest id for each one that is added takes longer than all else that is done with it.
 */
export class RecentGenerations {
  readonly #size: number;
  #young = new Set<string>();
  #old = new Set<string>();

  constructor(size: number) {
    this.#size = size;
  }

  /** Whether it was not there before. */
  add(id: string): boolean {
    if (this.#young.has(id) || this.#old.has(id)) return false;
    if (this.#young.size === this.#size) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    this.#young.add(id);
    return true;
  }
}
